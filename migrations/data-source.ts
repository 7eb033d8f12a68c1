import { databaseEnv, loadEnv } from '@prad/config';
import { createDataSource } from '@prad/database';

const { DATABASE_URL = 'postgres://localhost:5432/prad' } = loadEnv(databaseEnv);

/** What `typeorm migration:... -d dist/migrations/data-source.js` works on. */
export default createDataSource(DATABASE_URL);
