import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { jobFilterOf } from './api/job-filter.js';
import { Frame } from './components/frame.js';
import { Lost } from './components/lost.js';

const root = createRootRoute({ component: Frame, notFoundComponent: Lost });

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./screens/overview/overview.js'), 'Overview'),
});

const jobs = createRoute({
  getParentRoute: () => root,
  path: '/jobs',
  validateSearch: jobFilterOf,
  component: lazyRouteComponent(() => import('./screens/jobs/jobs.js'), 'Jobs'),
});

const job = createRoute({
  getParentRoute: () => root,
  path: '/jobs/$id',
  validateSearch: ({ with: others }): { readonly with?: readonly string[] } =>
    Array.isArray(others) ? { with: others.map(String) } : {},
  component: lazyRouteComponent(() => import('./screens/job/job.js'), 'Job'),
});

const newJob = createRoute({
  getParentRoute: () => root,
  path: '/new-job',
  validateSearch: ({ file }): { readonly file?: string } => (typeof file === 'string' ? { file } : {}),
  component: lazyRouteComponent(() => import('./screens/new-job/new-job.js'), 'NewJob'),
});

const sweeps = createRoute({
  getParentRoute: () => root,
  path: '/sweeps',
  component: lazyRouteComponent(() => import('./screens/sweeps/sweeps.js'), 'Sweeps'),
});

const evaluations = createRoute({
  getParentRoute: () => root,
  path: '/evaluations',
  component: lazyRouteComponent(() => import('./screens/evaluations/evaluations.js'), 'Evaluations'),
});

const evaluation = createRoute({
  getParentRoute: () => root,
  path: '/evaluations/$id',
  component: lazyRouteComponent(() => import('./screens/evaluations/evaluation.js'), 'Evaluation'),
});

const adapters = createRoute({
  getParentRoute: () => root,
  path: '/adapters',
  component: lazyRouteComponent(() => import('./screens/adapters/adapters.js'), 'Adapters'),
});

const playground = createRoute({
  getParentRoute: () => root,
  path: '/playground',
  validateSearch: ({ adapter }): { readonly adapter?: string } =>
    typeof adapter === 'string' ? { adapter } : {},
  component: lazyRouteComponent(() => import('./screens/playground/playground.js'), 'Playground'),
});

const datasets = createRoute({
  getParentRoute: () => root,
  path: '/datasets',
  component: lazyRouteComponent(() => import('./screens/datasets/datasets.js'), 'Datasets'),
});

const dataset = createRoute({
  getParentRoute: () => root,
  path: '/datasets/$id',
  component: lazyRouteComponent(() => import('./screens/datasets/dataset.js'), 'Dataset'),
});

const workers = createRoute({
  getParentRoute: () => root,
  path: '/workers',
  component: lazyRouteComponent(() => import('./screens/workers/workers.js'), 'Workers'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    ...[overview, jobs, job, newJob, sweeps, evaluations, evaluation],
    ...[adapters, playground, datasets, dataset, workers],
  ]),
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
