/** A JSON Schema as far as it is understood, with nothing left that would be ignored. */
export type Schema =
  | { readonly kind: 'any' }
  | { readonly kind: 'literals'; readonly values: readonly unknown[]; readonly path: string }
  | { readonly kind: 'string' | 'number' | 'integer' }
  | ObjectSchema
  /** An object of any keys. */
  | { readonly kind: 'map'; readonly values: Schema }
  | ArraySchema
  | { readonly kind: 'anyOf'; readonly members: readonly Schema[]; readonly path: string }
  /** What stands at a place of the whole schema. */
  | { readonly kind: 'reference'; readonly pointer: string };

/** An object of these keys alone, in this order. */
export interface ObjectSchema {
  readonly kind: 'object';
  readonly properties: readonly Property[];
  readonly path: string;
}

export interface Property {
  readonly key: string;
  readonly schema: Schema;
  readonly required: boolean;
}

export interface ArraySchema {
  readonly kind: 'array';
  readonly items: Schema;
  readonly minItems: number;
  /** Undefined: any number. */
  readonly maxItems: number | undefined;
  readonly path: string;
}

/** A whole schema: what its references point to by their pointers, `#` for itself. */
export interface SchemaDocument {
  readonly root: Schema;
  readonly places: ReadonlyMap<string, Schema>;
}
