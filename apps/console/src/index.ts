export { type ConsoleApp, startConsoleApp } from './app.ts';
export { type Config, configSpec } from './config.ts';
