import { QueryFailedError } from 'typeorm';

const FOREIGN_KEY_VIOLATION = '23503';

interface DriverError {
  readonly code?: string;
  readonly message: string;
  readonly constraint?: string;
}

/** What the driver said, of an error that came through TypeORM or straight from it. */
export function driverError(error: unknown): DriverError {
  if (error instanceof QueryFailedError) return error.driverError as DriverError & Error;
  return error instanceof Error ? error : { message: String(error) };
}

/** The violated foreign key's constraint name; undefined for other errors. */
export function violatedForeignKey(error: unknown): string | undefined {
  const { code, constraint } = driverError(error);
  return code === FOREIGN_KEY_VIOLATION ? constraint : undefined;
}
