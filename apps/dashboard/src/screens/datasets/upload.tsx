import { Button, FileButton, Group, Progress, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState, type DragEvent } from 'react';
import { ApiError } from '../../api/api-error.js';
import { tasksQuery } from '../../api/queries.js';
import { uploadFile } from '../../api/upload.js';
import { Panel } from '../../components/panel.js';
import { Problem } from '../../components/problem.js';
import { tellDone } from '../../components/tell.js';
import { bytes, plural } from '../../format/numbers.js';
import { columnsOf } from './columns-text.js';
import { LineProblems } from './line-problems.js';
import classes from './upload.module.css';

/** Takes a file by choice or by drop, shows how far it is sent, and which lines were refused. */
export function Upload() {
  const client = useQueryClient();
  const [share, setShare] = useState(0);
  const [task, setTask] = useState<string | null>(null);
  const sending = useRef<AbortController>(null);
  const [columnsText, setColumnsText] = useState('');
  const columns = columnsOf(columnsText);
  const upload = useMutation({
    mutationFn: (file: File) => {
      if (columns instanceof Error) throw columns;
      sending.current = new AbortController();
      setShare(0);
      return uploadFile(file, { columns, task, signal: sending.current.signal, onProgress: setShare });
    },
    onSuccess: ({ filename, prad }) => {
      tellDone(`${filename} is uploaded: ${plural(prad.rows ?? 0, 'row')}.`);
      return client.invalidateQueries({ queryKey: ['files'], exact: true });
    },
  });
  const take = (file: File | null | undefined) => {
    if (file) upload.mutate(file);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  };
  return (
    <Panel title="Upload">
      <Stack gap="md">
        <Group align="start">
          <TaskChoice task={task} onChange={setTask} />
          <ColumnsInput text={columnsText} onChange={setColumnsText} />
        </Group>
        <div
          className={classes['zone']}
          onDrop={drop}
          onDragOver={(event) => {
            event.preventDefault();
          }}
        >
          {upload.isPending ? (
            <Sending file={upload.variables} share={share} onCancel={() => sending.current?.abort()} />
          ) : (
            <Group gap="md">
              <FileButton onChange={take} accept=".jsonl,.json,.csv,.tsv,.parquet">
                {(button) => (
                  <Button {...button} leftSection={<IconUpload size={16} aria-hidden />}>
                    Choose a file
                  </Button>
                )}
              </FileButton>
              <Text size="sm" c="dimmed">
                or drop a .jsonl, .csv, .tsv or .parquet file here
              </Text>
            </Group>
          )}
        </div>
        <Refusal error={upload.error} name={upload.variables?.name ?? ''} />
      </Stack>
    </Panel>
  );
}

interface TaskChoiceProps {
  readonly task: string | null;
  readonly onChange: (task: string | null) => void;
}

/** No task can have this name. */
const NO_TASK = '-';

/** What the rows of the next file are. */
function TaskChoice({ task, onChange }: TaskChoiceProps) {
  const { data: tasks = [] } = useQuery(tasksQuery);
  const choices = tasks.map(({ id, example }) => ({
    value: id,
    label: `${id}: ${Object.keys(example).join(', ')}`,
  }));
  return (
    <Select
      label="Rows"
      data={[{ value: NO_TASK, label: 'Prompts with completions, or messages' }, ...choices]}
      value={task ?? NO_TASK}
      onChange={(name) => {
        onChange(name === NO_TASK ? null : name);
      }}
      allowDeselect={false}
      w={420}
      maw="100%"
    />
  );
}

interface ColumnsInputProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
}

/** Which columns of the next file become which fields of its rows. */
function ColumnsInput({ text, onChange }: ColumnsInputProps) {
  const columns = columnsOf(text);
  return (
    <TextInput
      label="Columns"
      placeholder="all, or prompt=question, completion=answers.text"
      w={420}
      maw="100%"
      value={text}
      error={columns instanceof Error && columns.message}
      onChange={({ currentTarget }) => {
        onChange(currentTarget.value);
      }}
    />
  );
}

interface SendingProps {
  readonly file: File;
  readonly share: number;
  readonly onCancel: () => void;
}

function Sending({ file, share, onCancel }: SendingProps) {
  return (
    <Group gap="md" wrap="nowrap">
      <Stack gap={4} flex={1}>
        <Text size="sm" data-numbers>
          {file.name}: {bytes(share * file.size)} of {bytes(file.size)}
          {share === 1 && ', being checked'}
        </Text>
        <Progress.Root size="sm">
          <Progress.Section value={100 * share} aria-label={`Sent of ${file.name}`} />
        </Progress.Root>
      </Stack>
      <Button variant="default" size="xs" onClick={onCancel}>
        Cancel
      </Button>
    </Group>
  );
}

function Refusal({ error, name }: { readonly error: Error | null; readonly name: string }) {
  if (error === null || error.name === 'AbortError') return null;
  const problems = error instanceof ApiError ? error.problems : [];
  return problems.length === 0 ? (
    <Problem title={`${name} was not uploaded`} error={error} />
  ) : (
    <LineProblems name={name} problems={problems} />
  );
}
