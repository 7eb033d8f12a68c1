import { Anchor, Button, type ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { ComponentProps } from 'react';

/** A link to a screen. */
export const ScreenLink = createLink(Anchor<'a'>);

/** A button that leads to a screen. */
export const ButtonLink = createLink(AnchorButton);

/** Mantine's button is a `button` unless told otherwise. */
function AnchorButton(props: ButtonProps & ComponentProps<'a'>) {
  return <Button component="a" {...props} />;
}

/** A job's id, as the way to it. */
export function JobLink({ id }: { readonly id: string }) {
  return (
    <ScreenLink to="/jobs/$id" params={{ id }} fz={13} ff="monospace" style={{ whiteSpace: 'nowrap' }}>
      {id}
    </ScreenLink>
  );
}
