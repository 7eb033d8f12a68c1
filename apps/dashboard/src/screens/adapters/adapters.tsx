import { Button, Group, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { adaptersQuery } from '../../api/queries.js';
import { Command } from '../../components/command.js';
import { Empty } from '../../components/empty.js';
import { ScreenLink } from '../../components/links.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { curl } from '../../format/curl.js';
import { AdapterCard } from './adapter-card.js';

/** Every trained adapter with where it comes from. */
export function Adapters() {
  const adapters = useInfiniteQuery(adaptersQuery);
  const list = adapters.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <Page
      title="Adapters"
      description="What was trained: each is a model of its own by its name, and shares the base’s weights with all others."
    >
      <Loaded of={adapters} what="The adapters" height={420}>
        {() =>
          list.length === 0 ? (
            <NoAdapters />
          ) : (
            <Stack>
              {list.map((adapter) => (
                <AdapterCard key={adapter.id} adapter={adapter} />
              ))}
              {adapters.hasNextPage && (
                <Group justify="center">
                  <Button
                    variant="default"
                    loading={adapters.isFetchingNextPage}
                    onClick={() => void adapters.fetchNextPage()}
                  >
                    Show more
                  </Button>
                </Group>
              )}
            </Stack>
          )
        }
      </Loaded>
    </Page>
  );
}

function NoAdapters() {
  return (
    <Empty title="There is no adapter yet">
      <Text size="sm">
        A{' '}
        <ScreenLink to="/new-job" underline="always">
          fine-tuning job
        </ScreenLink>{' '}
        makes one, also from a shell:
      </Text>
      <Command label="Train an adapter">
        {curl('/v1/fine_tuning/jobs', { model: 'prad-tiny', training_file: 'file-...', suffix: 'reviews' })}
      </Command>
    </Empty>
  );
}
