export { callerGone } from './caller-gone.ts';
export { closeApp } from './close-app.ts';
export { hash, HashReply, HashRequest } from './hash.ts';
export { exit, listenOrExit, settingsOrExit, stopOnSignal } from './lifecycle.ts';
export { readSettings, SettingsError, splitHosts } from './settings.ts';
