import { QueryFailedError } from 'typeorm';

const FOREIGN_KEY_VIOLATION = '23503';

interface DriverError {
  readonly code?: string;
  readonly constraint?: string;
}

function driverError(error: unknown): DriverError {
  return error instanceof QueryFailedError ? (error.driverError as DriverError) : {};
}

/** The violated foreign key's constraint name; undefined for other errors. */
export function violatedForeignKey(error: unknown): string | undefined {
  const { code, constraint } = driverError(error);
  return code === FOREIGN_KEY_VIOLATION ? constraint : undefined;
}
