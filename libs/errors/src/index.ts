export { AppError, type AppErrorInit, type ErrorKind } from './app-error.js';
export { assertNever } from './assert-never.js';
