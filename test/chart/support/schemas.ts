import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import type { Manifest } from './render.js';
import { definitionPath } from './tools.js';

type Schema = Record<string, unknown>;

/** What an API server would say about the fields of a manifest, strictly: a field that is not known is a problem. */
export class ManifestSchemas {
  private readonly compiled = new Map<string, ValidateFunction>();

  private constructor(
    private readonly ajv: Ajv,
    private readonly schemas: ReadonlyMap<string, Schema>,
  ) {}

  /** Kubernetes' own kinds from its OpenAPI document, KEDA's and the Prometheus operator's from their CRDs. */
  static async load(): Promise<ManifestSchemas> {
    const swagger = JSON.parse(
      await readFile(definitionPath('kubernetes', 'api/openapi-spec/swagger.json'), 'utf8'),
    ) as { definitions: Record<string, Schema> };
    const definitions = strict(swagger.definitions, true) as Record<string, Schema>;
    for (const [name, schema] of Object.entries(scalars)) definitions[name] = schema;
    // Formats that are Kubernetes' own are passed over in silence.
    const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
    formats.default(ajv);
    ajv.addSchema({ $id: 'kubernetes', definitions });
    return new ManifestSchemas(ajv, new Map([...kindsOf(definitions), ...(await customKinds())]));
  }

  /** Problems of a manifest, none when it is valid. */
  problems(manifest: Manifest): readonly string[] {
    const key = `${manifest.apiVersion} ${manifest.kind}`;
    const schema = this.schemas.get(key);
    if (schema === undefined) return [`no schema for ${key}`];
    const validate = this.compiled.get(key) ?? this.ajv.compile(schema);
    this.compiled.set(key, validate);
    const name = `${manifest.kind}/${manifest.metadata.name}`;
    if (validate(manifest)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message = '', params }) =>
        `${name}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** Where the server reads more than the document says: numbers are quantities, too. */
const scalars: Readonly<Record<string, Schema>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: ['string', 'number'] },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: ['string', 'integer'] },
};

function* kindsOf(definitions: Readonly<Record<string, Schema>>): Generator<[string, Schema]> {
  for (const [name, schema] of Object.entries(definitions)) {
    const kinds = schema['x-kubernetes-group-version-kind'] as
      readonly { group: string; version: string; kind: string }[] | undefined;
    for (const { group, version, kind } of kinds ?? []) {
      const apiVersion = group === '' ? version : `${group}/${version}`;
      yield [`${apiVersion} ${kind}`, { $ref: `kubernetes#/definitions/${name}` }];
    }
  }
}

interface CustomResource {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { openAPIV3Schema: Schema } }[];
  };
}

async function customKinds(): Promise<ReadonlyMap<string, Schema>> {
  const folders = [
    definitionPath('keda', 'config/crd/bases'),
    definitionPath('prometheusOperator', 'example/prometheus-operator-crd'),
  ];
  const kinds = new Map<string, Schema>();
  for (const folder of folders) {
    for (const file of (await readdir(folder)).filter((name) => name.endsWith('.yaml'))) {
      const { spec } = parse(await readFile(join(folder, file), 'utf8')) as CustomResource;
      for (const { name, schema } of spec.versions)
        kinds.set(`${spec.group}/${name} ${spec.names.kind}`, customSchema(schema.openAPIV3Schema));
    }
  }
  return kinds;
}

/** A CRD says of its metadata only that there is some. */
function customSchema(schema: Schema): Schema {
  const { properties, ...rest } = strict(schema) as { properties: Schema };
  const metadata = {
    $ref: 'kubernetes#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
  };
  return { ...rest, properties: { ...properties, metadata } };
}

/**
 * A copy in which objects with named fields take no others. A schema's keywords are told from a field's name by where they
 * stand: below `properties` and `definitions` every key is a name.
 */
function strict(node: unknown, named = false): unknown {
  if (Array.isArray(node)) return node.map((item) => strict(item));
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      strict(value, !named && (key === 'properties' || key === 'definitions')),
    ]),
  );
  if (named) return copy;
  if (typeof copy['$ref'] === 'string') copy['$ref'] = copy['$ref'].replace(/^#/, 'kubernetes#');
  // Go's flags within a pattern are beyond JavaScript's regular expressions.
  if (typeof copy['pattern'] === 'string' && copy['pattern'].includes('(?i)')) delete copy['pattern'];
  if (copy['x-kubernetes-int-or-string'] === true) return { type: ['string', 'integer'] };
  const open = copy['x-kubernetes-preserve-unknown-fields'] === true;
  const closed = copy['properties'] !== undefined && copy['additionalProperties'] === undefined;
  return closed && !open ? { ...copy, additionalProperties: false } : copy;
}
