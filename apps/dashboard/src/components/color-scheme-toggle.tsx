import { ActionIcon, Tooltip, useMantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';

const schemes = [
  { value: 'auto', label: 'as the system', icon: IconDeviceDesktop },
  { value: 'light', label: 'light', icon: IconSun },
  { value: 'dark', label: 'dark', icon: IconMoon },
] as const;

/** Goes from the system's colours to light to dark and round again. */
export function ColorSchemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const present = Math.max(
    0,
    schemes.findIndex(({ value }) => value === colorScheme),
  );
  const { label, icon: Icon } = schemes[present] ?? schemes[0];
  const next = schemes[(present + 1) % schemes.length] ?? schemes[0];
  return (
    <Tooltip label={`Colours: ${label}. Change to ${next.label}.`}>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={`Colours: ${label}. Change to ${next.label}.`}
        onClick={() => {
          setColorScheme(next.value);
        }}
      >
        <Icon size={18} stroke={1.6} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
