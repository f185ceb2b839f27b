export { hash, HashReply, HashRequest } from './hash.ts';
export { exit, settingsOrExit, stopWithParent } from './lifecycle.ts';
export { readSettings, SettingsError, splitHosts } from './settings.ts';
