import { Alert, SimpleGrid, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { modelsQuery } from '../../api/queries.js';
import { Command } from '../../components/command.js';
import { Empty } from '../../components/empty.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { Panel } from '../../components/panel.js';
import { curl } from '../../format/curl.js';
import { AnswerCard } from './answer-card.js';
import { ModelChoice } from './model-choice.js';
import { firstModels, modelsOf, type ChosenModels, type KnownModels } from './models.js';
import { PromptForm } from './prompt-form.js';
import { firstRequest, toRequest, type PromptRequest } from './prompt-request.js';
import { useAnswers } from './use-answers.js';

const route = getRouteApi('/playground');

/** One prompt, answered by the base and by adapters at the same time. */
export function Playground() {
  const models = useQuery(modelsQuery);
  return (
    <Page
      title="Playground"
      description="One prompt to the base and to adapters at once: the worker answers them in shared batches."
    >
      <Loaded of={models} what="The models" height={480}>
        {(list) => {
          const known = modelsOf(list);
          return known.bases.length === 0 ? <NoModels /> : <Comparison known={known} />;
        }}
      </Loaded>
    </Page>
  );
}

function Comparison({ known }: { readonly known: KnownModels }) {
  const { adapter } = route.useSearch();
  const [chosen, setChosen] = useState<ChosenModels>(() => firstModels(known, adapter));
  const [request, setRequest] = useState<PromptRequest>(firstRequest);
  const { answers, isRunning, ask, cancel } = useAnswers();
  const names = useMemo(() => [chosen.base, ...chosen.adapters], [chosen]);
  const command = names
    .map((model) => `${curl('/v1/completions', toRequest(request, model))} &`)
    .join('\n\n');
  return (
    <Stack gap="lg">
      <Panel title="Prompt">
        <Stack gap="md">
          <ModelChoice known={known} chosen={chosen} onChange={setChosen} />
          <PromptForm
            request={request}
            isRunning={isRunning}
            onChange={setRequest}
            onAsk={() => void ask(names.map((model) => toRequest(request, model)))}
            onCancel={cancel}
          />
        </Stack>
      </Panel>
      <SimpleGrid cols={{ base: 1, md: 2, xl: Math.min(3, names.length) }} spacing="lg">
        {names.map((model) => (
          <AnswerCard key={model} model={model} isBase={model === chosen.base} answer={answers[model]} />
        ))}
      </SimpleGrid>
      <Panel title="The same from a shell">
        <Command label="The requests as curl">{`${command}\n\nwait`}</Command>
      </Panel>
    </Stack>
  );
}

function NoModels() {
  return (
    <Empty title="There is no base model yet">
      <Text size="sm">Import one; adapters are trained on it:</Text>
      <Command label="Import a base model">{curl('/v1/models', { source: 'bundled/prad-tiny' })}</Command>
      <Alert variant="default">
        An import takes seconds to minutes; this page shows the model when it is ready.
      </Alert>
    </Empty>
  );
}
