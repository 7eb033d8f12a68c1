import { Group, Select, Stack, Table as MantineTable, Text } from '@mantine/core';
import type { FileObject, FilePreviewObject } from '@prad/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { fileQuery, modelsQuery, previewQuery } from '../../api/queries.js';
import { ButtonLink } from '../../components/links.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { Panel } from '../../components/panel.js';
import { Table } from '../../components/table.js';
import { bytes, count, plural } from '../../format/numbers.js';
import { DeleteFile } from './delete-file.js';
import { Lengths } from './lengths.js';

const route = getRouteApi('/datasets/$id');
const SHOWN_ROWS = 20;

/** How one file begins and how long its examples are. */
export function Dataset() {
  const { id } = route.useParams();
  const navigate = route.useNavigate();
  const file = useQuery(fileQuery(id));
  return (
    <Page
      title={file.data?.filename ?? id}
      description={
        <>
          <code>{id}</code>
          {file.data !== undefined && ` ${factsOf(file.data)}`}
        </>
      }
      actions={
        <>
          <ButtonLink to="/new-job" search={{ file: id }}>
            Train on it
          </ButtonLink>
          <DeleteFile
            id={id}
            name={file.data?.filename ?? id}
            size="sm"
            onDeleted={() => void navigate({ to: '/datasets' })}
          />
        </>
      }
    >
      <Preview id={id} />
    </Page>
  );
}

function factsOf({ prad, bytes: size }: FileObject): string {
  const facts = `${plural(prad.rows ?? 0, 'row')}, ${bytes(size)}`;
  return prad.format === 'jsonl' ? facts : `${facts}, from ${names[prad.format]}`;
}

const names = { csv: 'CSV', tsv: 'TSV', parquet: 'Parquet' } as const;

function Preview({ id }: { readonly id: string }) {
  const models = useQuery(modelsQuery);
  const bases = (models.data ?? []).flatMap(({ id: base, prad }) =>
    prad.kind === 'base' && prad.status === 'ready' ? [base] : [],
  );
  const [chosen, setChosen] = useState<string>();
  const model = chosen ?? bases[0];
  const preview = useQuery({ ...previewQuery(id, model, SHOWN_ROWS), enabled: models.isFetched });
  return (
    <Stack gap="lg">
      <Panel
        title="Lengths in tokens"
        aside={
          bases.length > 0 && (
            <Group gap="xs">
              <Text size="sm" c="dimmed" id="tokenizer">
                Tokenizer of
              </Text>
              <Select
                size="xs"
                w={180}
                aria-labelledby="tokenizer"
                allowDeselect={false}
                data={bases}
                value={model ?? null}
                onChange={(value) => {
                  if (value !== null) setChosen(value);
                }}
              />
            </Group>
          )
        }
      >
        <Loaded of={preview} what="The preview" height={250}>
          {({ token_lengths: lengths }) =>
            lengths === null ? (
              <Text size="sm" c="dimmed">
                Import a base model, whose tokenizer counts them.
              </Text>
            ) : (
              <Lengths of={lengths} />
            )
          }
        </Loaded>
      </Panel>
      <Panel title="First rows">
        <Loaded of={preview} what="The preview" height={300}>
          {({ rows }) => <Rows rows={rows} />}
        </Loaded>
      </Panel>
    </Stack>
  );
}

function Rows({ rows }: Pick<FilePreviewObject, 'rows'>) {
  const keys = [...new Set(rows.flatMap(({ value }) => Object.keys(value)))];
  const columns = [{ name: 'Line', isNumber: true }, ...keys.map((name) => ({ name }))];
  return (
    <Table label="First rows" minWidth={640} columns={columns}>
      {rows.map(({ line, value }) => (
        <MantineTable.Tr key={line}>
          <MantineTable.Td data-number w={60} style={{ verticalAlign: 'top' }}>
            {count(line)}
          </MantineTable.Td>
          {keys.map((key) => (
            <MantineTable.Td key={key} style={{ verticalAlign: 'top', overflowWrap: 'anywhere' }}>
              {textOf(value[key])}
            </MantineTable.Td>
          ))}
        </MantineTable.Tr>
      ))}
    </Table>
  );
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
