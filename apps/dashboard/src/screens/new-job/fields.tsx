import {
  Accordion,
  MultiSelect,
  NumberInput,
  SegmentedControl,
  Select,
  SimpleGrid,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { lrSchedulerTypes, trainingMethodNames, type TrainingMethod, type FileObject } from '@prad/contracts';
import { Panel } from '../../components/panel.js';
import { count } from '../../format/numbers.js';
import { methodDefaults, type JobValues } from './job-values.js';
import { methodFields, type MethodField } from './method-fields.js';

interface FieldsProps {
  readonly form: UseFormReturnType<JobValues>;
}

interface DataFieldsProps extends FieldsProps {
  readonly bases: readonly string[];
  readonly files: readonly FileObject[];
}

const columns = { base: 1, sm: 2 };

/** Base, data and name. */
export function DataFields({ form, bases, files }: DataFieldsProps) {
  const choices = files.map(({ id, filename, prad }) => ({
    value: id,
    label: `${filename} (${prad.rows === null ? 'rows unknown' : `${count(prad.rows)} rows`}, ${id.slice(0, 11)})`,
  }));
  return (
    <Panel title="What to train">
      <SimpleGrid cols={columns}>
        <Select label="Base model" data={[...bases]} allowDeselect={false} {...form.getInputProps('model')} />
        <TextInput
          label="Name"
          description="Part of the adapter’s name: a-z, 0-9 and dash"
          placeholder="reviews"
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          {...form.getInputProps('suffix')}
        />
        <Select
          label="Training file"
          data={choices}
          searchable
          allowDeselect={false}
          {...form.getInputProps('training_file')}
        />
        <Select
          label="Validation file"
          placeholder="None: no validation loss"
          data={choices}
          searchable
          clearable
          {...form.getInputProps('validation_file')}
        />
      </SimpleGrid>
    </Panel>
  );
}

/** How long to train. */
export function LengthFields({ form }: FieldsProps) {
  const isByEpochs = form.getValues().length === 'epochs';
  return (
    <Panel
      title="How long"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="Length by"
          data={[
            { value: 'epochs', label: 'Epochs' },
            { value: 'steps', label: 'Steps' },
          ]}
          {...form.getInputProps('length')}
        />
      }
    >
      <SimpleGrid cols={columns}>
        {isByEpochs ? (
          <NumberInput
            key="n_epochs"
            label="Epochs"
            min={1}
            max={10_000}
            allowDecimal={false}
            {...form.getInputProps('n_epochs')}
          />
        ) : (
          <NumberInput
            key="max_steps"
            label="Steps"
            min={1}
            max={10_000_000}
            allowDecimal={false}
            {...form.getInputProps('max_steps')}
          />
        )}
        <NumberInput
          label="Batch"
          suffix=" rows"
          min={1}
          max={4096}
          allowDecimal={false}
          {...form.getInputProps('batch_size')}
        />
      </SimpleGrid>
    </Panel>
  );
}

/** The method and its size. */
export function AdapterFields({ form }: FieldsProps) {
  const { adapter } = form.getValues();
  const fields = methodFields(adapter);
  return (
    <Panel title={adapter === 'full' ? 'All weights' : 'Adapter'}>
      <SimpleGrid cols={columns}>
        <Select
          label="Method"
          data={[...trainingMethodNames]}
          allowDeselect={false}
          {...form.getInputProps('adapter')}
          onChange={(value) => {
            if (value === null) return;
            const method = value as TrainingMethod;
            form.setValues({ adapter: method, ...methodDefaults(method) });
          }}
        />
        {adapter !== 'full' && (
          <Select
            label="Acts on"
            allowDeselect={false}
            data={[
              { value: 'prompt', label: 'the prompt only (PrAd)' },
              { value: 'all', label: 'all positions (conventional)' },
            ]}
            {...form.getInputProps('scope')}
          />
        )}
        {fields.filter(isCommon).map((field) => (
          <OptionInput key={`${adapter} ${field.name}`} form={form} field={field} />
        ))}
      </SimpleGrid>
      {adapter === 'full' ? (
        <Text size="sm" c="dimmed" mt="md">
          Trains every weight of the base. The result is a base model of this project, which answers and takes
          adapters as any other. It needs about fifteen times the memory of the weights.
        </Text>
      ) : (
        <Accordion variant="contained" chevronPosition="left" mt="md">
          <Accordion.Item value="method">
            <Accordion.Control>
              <Text fw={600}>More options of {adapter}</Text>
            </Accordion.Control>
            <Accordion.Panel>
              <SimpleGrid cols={columns}>
                {fields
                  .filter((field) => !isCommon(field))
                  .map((field) => (
                    <OptionInput key={`${adapter} ${field.name}`} form={form} field={field} />
                  ))}
              </SimpleGrid>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      )}
    </Panel>
  );
}

const common = ['rank', 'scale', 'alpha', 'length', 'prefix_length', 'targets'];

/** What most jobs choose; the rest folds away. */
function isCommon({ name }: MethodField): boolean {
  return common.includes(name);
}

/** One option of the method. */
function OptionInput({ form, field }: FieldsProps & { readonly field: MethodField }) {
  const { name, label, description, kind, choices } = field;
  const shown = {
    label,
    description,
    inputWrapperOrder: ['label', 'input', 'description', 'error'] as const,
  };
  const props = form.getInputProps(`options.${name}`, { type: kind === 'switch' ? 'checkbox' : 'input' });
  const texts = { ...shown, inputWrapperOrder: [...shown.inputWrapperOrder], ...props };
  switch (kind) {
    case 'number':
      return <NumberInput min={0} {...texts} />;
    case 'choice':
      return <Select data={[...choices]} allowDeselect={false} {...texts} />;
    case 'choices':
      return <MultiSelect data={[...choices]} placeholder="Default" {...texts} />;
    case 'switch':
      return <Switch label={label} description={description} {...props} />;
    case 'texts':
      return <TagsInput placeholder={name === 'layers' ? 'All' : 'None'} {...texts} />;
  }
}

/** What rarely needs a change. */
export function OptimiserFields({ form }: FieldsProps) {
  return (
    <Accordion variant="contained" chevronPosition="left">
      <Accordion.Item value="optimiser">
        <Accordion.Control>
          <Text fw={600}>Optimiser and validation</Text>
        </Accordion.Control>
        <Accordion.Panel>
          <SimpleGrid cols={columns}>
            <LearningFields form={form} />
            <BatchFields form={form} />
          </SimpleGrid>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

function LearningFields({ form }: FieldsProps) {
  return (
    <>
      <NumberInput
        label="Learning rate"
        min={0}
        max={10}
        step={1e-4}
        {...form.getInputProps('learning_rate')}
      />
      <NumberInput
        label="Warm-up, share of steps"
        min={0}
        max={1}
        step={0.01}
        {...form.getInputProps('warmup_ratio')}
      />
      <Select
        label="After the warm-up"
        data={[...lrSchedulerTypes]}
        allowDeselect={false}
        {...form.getInputProps('lr_scheduler_type')}
      />
      <NumberInput label="Weight decay" min={0} max={1} step={0.01} {...form.getInputProps('weight_decay')} />
      <NumberInput
        label="Clip at gradient norm"
        min={0}
        step={0.1}
        {...form.getInputProps('max_grad_norm')}
      />
    </>
  );
}

/** Batches, validations and checkpoints. */
function BatchFields({ form }: FieldsProps) {
  return (
    <>
      <NumberInput
        label="Longest example"
        suffix=" tokens"
        placeholder="Context of the base"
        min={2}
        allowDecimal={false}
        {...form.getInputProps('max_length')}
      />
      <NumberInput
        label="Validate every"
        suffix=" steps"
        placeholder="Once an epoch"
        min={0}
        allowDecimal={false}
        {...form.getInputProps('evaluation_steps')}
      />
      <NumberInput
        label="Stop early after"
        suffix=" validations without a lower loss"
        placeholder="Never"
        min={1}
        allowDecimal={false}
        {...form.getInputProps('early_stopping_patience')}
      />
      <NumberInput
        label="Keep checkpoints"
        suffix=" and the best"
        placeholder="All"
        min={1}
        allowDecimal={false}
        {...form.getInputProps('save_total_limit')}
      />
      <NumberInput
        label="Label smoothing"
        min={0}
        max={0.99}
        step={0.05}
        {...form.getInputProps('label_smoothing_factor')}
      />
      <NumberInput
        label="Batch at most"
        suffix=" tokens"
        placeholder="No limit but the rows"
        min={2}
        allowDecimal={false}
        {...form.getInputProps('max_tokens_per_batch')}
      />
      <NumberInput
        label="Compute a batch in"
        suffix=" passes"
        min={1}
        allowDecimal={false}
        {...form.getInputProps('gradient_accumulation_steps')}
      />
      <NumberInput
        label="Seed"
        placeholder="Random"
        min={0}
        allowDecimal={false}
        {...form.getInputProps('seed')}
      />
      <Switch
        label="Train in a pack"
        description="In one pass with other waiting jobs of this base and method that allow it"
        {...form.getInputProps('pack', { type: 'checkbox' })}
      />
    </>
  );
}
