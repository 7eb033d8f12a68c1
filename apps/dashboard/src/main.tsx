import { MantineProvider, Title } from '@mantine/core';
import '@mantine/core/styles.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element #root');
createRoot(root).render(
  <StrictMode>
    <MantineProvider defaultColorScheme="auto">
      <Title>PrAd Cluster</Title>
    </MantineProvider>
  </StrictMode>,
);
