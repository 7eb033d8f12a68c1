import { Text } from '@mantine/core';
import { ScreenLink } from './links.js';
import { Page } from './page.js';

/** An address that no screen has. */
export function Lost() {
  return (
    <Page title="No such screen">
      <Text>
        Nothing is at this address.{' '}
        <ScreenLink to="/" underline="always">
          Go to the overview.
        </ScreenLink>
      </Text>
    </Page>
  );
}
