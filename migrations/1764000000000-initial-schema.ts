import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = [
  `CREATE TABLE base_model (
     id text NOT NULL,
     source text NOT NULL,
     status text NOT NULL,
     digest text,
     architecture text,
     parameter_count bigint,
     context_length integer,
     vocabulary_size integer,
     bytes bigint,
     blob_key text,
     details jsonb NOT NULL DEFAULT '{}',
     error jsonb,
     lease_owner text,
     lease_expires_at timestamptz,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     CONSTRAINT base_model_pkey PRIMARY KEY (id),
     CONSTRAINT base_model_error_check CHECK ((status = 'failed') = (error IS NOT NULL)),
     CONSTRAINT base_model_lease_check CHECK ((status = 'importing' OR lease_owner IS NULL)
       AND (lease_owner IS NULL) = (lease_expires_at IS NULL)),
     CONSTRAINT base_model_ready_check CHECK (status <> 'ready' OR (digest IS NOT NULL
       AND architecture IS NOT NULL AND parameter_count IS NOT NULL
         AND context_length IS NOT NULL AND vocabulary_size IS NOT NULL AND bytes IS NOT NULL
           AND blob_key IS NOT NULL)),
     CONSTRAINT base_model_status_check CHECK (status IN ('importing', 'ready', 'failed'))
   )`,
  `CREATE INDEX base_model_created_at_id_idx ON base_model (created_at, id)`,
  `CREATE TABLE task (
     id text NOT NULL,
     description text NOT NULL DEFAULT '',
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     CONSTRAINT task_pkey PRIMARY KEY (id)
   )`,
  `CREATE TABLE adapter (
     id text NOT NULL,
     base_model_id text NOT NULL,
     base_digest text NOT NULL,
     method text NOT NULL,
     options jsonb NOT NULL,
     scope text NOT NULL,
     parameter_count bigint NOT NULL,
     task_id text,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     CONSTRAINT adapter_pkey PRIMARY KEY (id)
   )`,
  `CREATE INDEX adapter_base_model_id_idx ON adapter (base_model_id)`,
  `CREATE INDEX adapter_created_at_id_idx ON adapter (created_at, id)`,
  `CREATE TABLE data_file (
     id text NOT NULL,
     filename text NOT NULL,
     purpose text NOT NULL,
     bytes bigint NOT NULL,
     sha256 text NOT NULL,
     rows integer,
     blob_key text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     deleted_at timestamptz,
     CONSTRAINT data_file_pkey PRIMARY KEY (id),
     CONSTRAINT data_file_purpose_check CHECK (purpose IN ('fine-tune', 'fine-tune-results', 'evals')),
     CONSTRAINT data_file_size_check CHECK (bytes >= 0 AND rows >= 0)
   )`,
  `CREATE INDEX data_file_created_at_id_idx ON data_file (created_at, id)`,
  `CREATE TABLE fine_tuning_job (
     id text NOT NULL,
     status text NOT NULL,
     base_model_id text NOT NULL,
     task_id text,
     training_file_id text NOT NULL,
     validation_file_id text,
     suffix text,
     seed bigint NOT NULL,
     adapter_method text NOT NULL,
     scope text NOT NULL,
     options jsonb NOT NULL,
     hyperparameters jsonb NOT NULL,
     metadata jsonb NOT NULL DEFAULT '{}',
     cancel_requested boolean NOT NULL DEFAULT false,
     attempts integer NOT NULL DEFAULT 0,
     progress_step integer,
     progress_total integer,
     trained_tokens bigint NOT NULL DEFAULT 0,
     result_adapter_id text,
     error jsonb,
     lease_owner text,
     lease_expires_at timestamptz,
     event_sequence integer NOT NULL DEFAULT 0,
     metric_sequence integer NOT NULL DEFAULT 0,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     started_at timestamptz,
     finished_at timestamptz,
     CONSTRAINT fine_tuning_job_pkey PRIMARY KEY (id),
     CONSTRAINT fine_tuning_job_end_check CHECK ((status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
     CONSTRAINT fine_tuning_job_error_check CHECK ((status = 'failed') = (error IS NOT NULL)),
     CONSTRAINT fine_tuning_job_lease_check CHECK ((status = 'running') = (lease_owner IS NOT NULL) AND (lease_owner IS NULL) = (lease_expires_at IS NULL)),
     CONSTRAINT fine_tuning_job_result_check CHECK ((status = 'succeeded') = (result_adapter_id IS NOT NULL)),
     CONSTRAINT fine_tuning_job_status_check CHECK (status IN ('validating_files', 'queued', 'running', 'succeeded', 'failed', 'cancelled'))
   )`,
  `CREATE INDEX fine_tuning_job_unfinished_idx ON fine_tuning_job (status)
     WHERE status IN ('validating_files', 'queued', 'running')`,
  `CREATE INDEX fine_tuning_job_base_model_id_idx ON fine_tuning_job (base_model_id)`,
  `CREATE INDEX fine_tuning_job_created_at_id_idx ON fine_tuning_job (created_at, id)`,
  `CREATE TABLE adapter_version (
     id text NOT NULL,
     adapter_id text NOT NULL,
     version integer NOT NULL,
     digest text NOT NULL,
     blob_key text NOT NULL,
     bytes bigint NOT NULL,
     job_id text,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     CONSTRAINT adapter_version_pkey PRIMARY KEY (id),
     CONSTRAINT adapter_version_adapter_id_version_key UNIQUE (adapter_id, version),
     CONSTRAINT adapter_version_job_id_key UNIQUE (job_id),
     CONSTRAINT adapter_version_version_check CHECK (version >= 1)
   )`,
  `CREATE INDEX adapter_version_digest_idx ON adapter_version (digest)`,
  `CREATE TABLE checkpoint (
     id text NOT NULL,
     job_id text NOT NULL,
     step integer NOT NULL,
     train_loss double precision,
     valid_loss double precision,
     digest text NOT NULL,
     blob_key text NOT NULL,
     bytes bigint NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     CONSTRAINT checkpoint_pkey PRIMARY KEY (id),
     CONSTRAINT checkpoint_job_id_step_key UNIQUE (job_id, step)
   )`,
  `CREATE TABLE evaluation_result (
     id text NOT NULL,
     base_model_id text NOT NULL,
     adapter_version_id text,
     file_id text NOT NULL,
     task_id text,
     scores jsonb NOT NULL,
     settings jsonb NOT NULL DEFAULT '{}',
     rows integer NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     CONSTRAINT evaluation_result_pkey PRIMARY KEY (id)
   )`,
  `CREATE INDEX evaluation_result_adapter_version_id_idx ON evaluation_result (adapter_version_id)`,
  `CREATE INDEX evaluation_result_created_at_id_idx ON evaluation_result (created_at, id)`,
  `CREATE TABLE inference_job (
     id text NOT NULL,
     status text NOT NULL,
     endpoint text NOT NULL,
     base_model_id text NOT NULL,
     adapter_id text,
     request jsonb NOT NULL,
     result jsonb,
     usage jsonb,
     timings jsonb,
     error jsonb,
     cancel_requested boolean NOT NULL DEFAULT false,
     attempts integer NOT NULL DEFAULT 0,
     lease_owner text,
     lease_expires_at timestamptz,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     started_at timestamptz,
     finished_at timestamptz,
     CONSTRAINT inference_job_pkey PRIMARY KEY (id),
     CONSTRAINT inference_job_end_check CHECK ((status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
     CONSTRAINT inference_job_endpoint_check CHECK (endpoint IN ('completion', 'chat')),
     CONSTRAINT inference_job_error_check CHECK ((status = 'failed') = (error IS NOT NULL)),
     CONSTRAINT inference_job_lease_check CHECK ((status = 'running') = (lease_owner IS NOT NULL) AND (lease_owner IS NULL) = (lease_expires_at IS NULL)),
     CONSTRAINT inference_job_result_check CHECK ((status = 'succeeded') = (result IS NOT NULL
       AND usage IS NOT NULL AND timings IS NOT NULL)),
     CONSTRAINT inference_job_status_check CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled'))
   )`,
  `CREATE INDEX inference_job_adapter_id_idx ON inference_job (adapter_id)
     WHERE adapter_id IS NOT NULL`,
  `CREATE INDEX inference_job_unfinished_idx ON inference_job (status)
     WHERE status IN ('queued', 'running')`,
  `CREATE INDEX inference_job_created_at_id_idx ON inference_job (created_at, id)`,
  `CREATE TABLE job_event (
     job_id text NOT NULL,
     sequence integer NOT NULL,
     id text NOT NULL,
     level text NOT NULL,
     type text NOT NULL,
     message text NOT NULL,
     data jsonb NOT NULL DEFAULT '{}',
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     CONSTRAINT job_event_pkey PRIMARY KEY (job_id, sequence),
     CONSTRAINT job_event_id_key UNIQUE (id),
     CONSTRAINT job_event_level_check CHECK (level IN ('info', 'warn', 'error')),
     CONSTRAINT job_event_type_check CHECK (type IN ('message', 'metrics'))
   )`,
  `CREATE TABLE job_metric (
     job_id text NOT NULL,
     step integer NOT NULL,
     sequence integer NOT NULL,
     train_loss double precision,
     valid_loss double precision,
     learning_rate double precision,
     gradient_norm double precision,
     tokens_per_second double precision,
     step_seconds double precision,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     CONSTRAINT job_metric_pkey PRIMARY KEY (job_id, step),
     CONSTRAINT job_metric_job_id_sequence_key UNIQUE (job_id, sequence)
   )`,
  `CREATE TABLE worker_node (
     id text NOT NULL,
     roles text[] NOT NULL,
     device text NOT NULL,
     host text NOT NULL,
     pid integer NOT NULL,
     slots integer NOT NULL,
     current_work text[] NOT NULL DEFAULT '{}',
     memory_bytes bigint NOT NULL DEFAULT 0,
     started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     CONSTRAINT worker_node_pkey PRIMARY KEY (id)
   )`,
  `CREATE INDEX worker_node_heartbeat_at_idx ON worker_node (heartbeat_at)`,
];

const foreignKeys = [
  `ALTER TABLE adapter
     ADD CONSTRAINT adapter_base_model_id_fkey
     FOREIGN KEY (base_model_id) REFERENCES base_model(id)`,
  `ALTER TABLE adapter
     ADD CONSTRAINT adapter_task_id_fkey
     FOREIGN KEY (task_id) REFERENCES task(id)`,
  `ALTER TABLE fine_tuning_job
     ADD CONSTRAINT fine_tuning_job_base_model_id_fkey
     FOREIGN KEY (base_model_id) REFERENCES base_model(id)`,
  `ALTER TABLE fine_tuning_job
     ADD CONSTRAINT fine_tuning_job_task_id_fkey
     FOREIGN KEY (task_id) REFERENCES task(id)`,
  `ALTER TABLE fine_tuning_job
     ADD CONSTRAINT fine_tuning_job_training_file_id_fkey
     FOREIGN KEY (training_file_id) REFERENCES data_file(id)`,
  `ALTER TABLE fine_tuning_job
     ADD CONSTRAINT fine_tuning_job_validation_file_id_fkey
     FOREIGN KEY (validation_file_id) REFERENCES data_file(id)`,
  `ALTER TABLE fine_tuning_job
     ADD CONSTRAINT fine_tuning_job_result_adapter_id_fkey
     FOREIGN KEY (result_adapter_id) REFERENCES adapter(id)`,
  `ALTER TABLE adapter_version
     ADD CONSTRAINT adapter_version_adapter_id_fkey
     FOREIGN KEY (adapter_id) REFERENCES adapter(id) ON DELETE CASCADE`,
  `ALTER TABLE adapter_version
     ADD CONSTRAINT adapter_version_job_id_fkey
     FOREIGN KEY (job_id) REFERENCES fine_tuning_job(id)`,
  `ALTER TABLE checkpoint
     ADD CONSTRAINT checkpoint_job_id_fkey
     FOREIGN KEY (job_id) REFERENCES fine_tuning_job(id) ON DELETE CASCADE`,
  `ALTER TABLE evaluation_result
     ADD CONSTRAINT evaluation_result_base_model_id_fkey
     FOREIGN KEY (base_model_id) REFERENCES base_model(id)`,
  `ALTER TABLE evaluation_result
     ADD CONSTRAINT evaluation_result_adapter_version_id_fkey
     FOREIGN KEY (adapter_version_id) REFERENCES adapter_version(id) ON DELETE CASCADE`,
  `ALTER TABLE evaluation_result
     ADD CONSTRAINT evaluation_result_file_id_fkey
     FOREIGN KEY (file_id) REFERENCES data_file(id)`,
  `ALTER TABLE evaluation_result
     ADD CONSTRAINT evaluation_result_task_id_fkey
     FOREIGN KEY (task_id) REFERENCES task(id)`,
  `ALTER TABLE inference_job
     ADD CONSTRAINT inference_job_base_model_id_fkey
     FOREIGN KEY (base_model_id) REFERENCES base_model(id)`,
  `ALTER TABLE inference_job
     ADD CONSTRAINT inference_job_adapter_id_fkey
     FOREIGN KEY (adapter_id) REFERENCES adapter(id)`,
  `ALTER TABLE job_event
     ADD CONSTRAINT job_event_job_id_fkey
     FOREIGN KEY (job_id) REFERENCES fine_tuning_job(id) ON DELETE CASCADE`,
  `ALTER TABLE job_metric
     ADD CONSTRAINT job_metric_job_id_fkey
     FOREIGN KEY (job_id) REFERENCES fine_tuning_job(id) ON DELETE CASCADE`,
];

const names = [
  'base_model',
  'task',
  'adapter',
  'data_file',
  'fine_tuning_job',
  'adapter_version',
  'checkpoint',
  'evaluation_result',
  'inference_job',
  'job_event',
  'job_metric',
  'worker_node',
];

/** The schema of the first release. */
export class InitialSchema1764000000000 implements MigrationInterface {
  readonly name = 'InitialSchema1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...tables, ...foreignKeys]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ${names.join(', ')}`);
  }
}
