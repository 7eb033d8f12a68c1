import { AppShell, Burger, Group, NavLink, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconAdjustments,
  IconChartBar,
  IconCpu,
  IconDatabase,
  IconLayoutDashboard,
  IconMessages,
  IconPlus,
  IconStack2,
  IconTrophy,
} from '@tabler/icons-react';
import { Outlet, createLink } from '@tanstack/react-router';
import { ColorSchemeToggle } from './color-scheme-toggle.js';
import classes from './frame.module.css';
import { KeyPrompt } from './key-prompt.js';

const RouterNavLink = createLink(NavLink<'a'>);

const screens = [
  { to: '/', label: 'Overview', icon: IconLayoutDashboard },
  { to: '/jobs', label: 'Jobs', icon: IconStack2 },
  { to: '/new-job', label: 'New job', icon: IconPlus },
  { to: '/sweeps', label: 'Sweeps', icon: IconTrophy },
  { to: '/evaluations', label: 'Evaluations', icon: IconChartBar },
  { to: '/adapters', label: 'Adapters', icon: IconAdjustments },
  { to: '/playground', label: 'Playground', icon: IconMessages },
  { to: '/datasets', label: 'Datasets', icon: IconDatabase },
  { to: '/workers', label: 'Workers', icon: IconCpu },
] as const;

/** What surrounds every screen: the way to the others, the colours, and the question for a key. */
export function Frame() {
  const [isOpen, menu] = useDisclosure(false);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="lg"
    >
      <a href="#main" className={classes['skip']}>
        Skip to content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
            <img src="/favicon.svg" alt="" width={28} height={28} />
            <Text fw={650}>PrAd Cluster</Text>
          </Group>
          <ColorSchemeToggle />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label="Screens">
        <ScrollArea>
          {screens.map(({ to, label, icon: Icon }) => (
            <RouterNavLink
              key={to}
              to={to}
              label={label}
              className={classes['link']}
              activeOptions={{ exact: to === '/', includeSearch: false }}
              leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
              onClick={menu.close}
            />
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} className={classes['main']}>
        <Outlet />
      </AppShell.Main>
      <KeyPrompt />
    </AppShell>
  );
}
