import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type DefaultTheme, defineConfig } from 'vitepress';

// Written by typedoc, which runs first; `vitepress dev` alone works without.
const referenceFile = join(import.meta.dirname, '../reference/typedoc-sidebar.json');
const reference = (): DefaultTheme.SidebarItem[] =>
  existsSync(referenceFile) ? JSON.parse(readFileSync(referenceFile, 'utf8')) : [];

// Dead links fail the build: that is the default of VitePress, and meant here.
export default defineConfig({
  title: 'lb',
  description: 'Client-side load balancing for Node, over etcd',
  srcExclude: ['node_modules/**'],
  cleanUrls: true,
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Cookbook', link: '/cookbook' },
      { text: 'Reference', link: '/reference/' },
    ],
    sidebar: [
      {
        text: 'Use it',
        items: [
          { text: 'Start', link: '/start' },
          { text: 'Two walks', link: '/concepts' },
          { text: 'Choosing a policy', link: '/algorithms' },
          { text: 'Health', link: '/health' },
          { text: 'Cookbook', link: '/cookbook' },
          { text: 'Migrating', link: '/migrating' },
        ],
      },
      {
        text: 'Run it',
        items: [
          { text: 'In production', link: '/production' },
          { text: 'Scaling', link: '/scaling' },
          { text: 'Guarantees', link: '/guarantees' },
          { text: 'Operations', link: '/operations' },
          { text: 'Live page', link: '/page' },
          { text: 'Telemetry', link: '/telemetry' },
        ],
      },
      {
        text: 'Understand it',
        items: [
          { text: 'Evidence', link: '/evidence' },
          { text: 'Architecture', link: '/architecture' },
          { text: 'Decisions', link: '/decisions/' },
          { text: 'Supply chain', link: '/supply-chain' },
        ],
      },
      { text: 'Reference', collapsed: true, items: reference() },
    ],
  },
});
