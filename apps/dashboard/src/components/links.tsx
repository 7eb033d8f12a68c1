import { Anchor, Button, type AnchorProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';

/** A link to a screen. */
export const ScreenLink = createLink(Anchor<'a'>);

/** A button that leads to a screen. */
export const ButtonLink = createLink(Button<'a'>);

export interface JobLinkProps extends Pick<AnchorProps, 'size'> {
  readonly id: string;
}

/** A job's id, as the way to it. */
export function JobLink({ id, size = 'sm' }: JobLinkProps) {
  return (
    <ScreenLink to="/jobs/$id" params={{ id }} size={size} ff="monospace">
      {id}
    </ScreenLink>
  );
}
