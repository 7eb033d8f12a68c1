/** $1 the tag of this seeding. */
export const baseModels = `
  INSERT INTO base_model (id, source, status, digest, architecture, parameter_count, context_length, vocabulary_size,
    bytes, blob_key)
  SELECT 'seed-' || size || '-' || $1::text, '/models/' || size, 'ready', md5(size) || md5($1::text), 'llama', parameters, 2048,
    49152, parameters * 4, 'models/seed-' || size
  FROM (VALUES ('tiny', 1000000), ('small', 135000000), ('large', 360000000)) AS model (size, parameters)`;

/** $1 the tag. */
export const dataFiles = `
  INSERT INTO data_file (id, filename, purpose, bytes, sha256, rows, blob_key, created_at)
  SELECT 'file-' || $1::text || '-' || i, 'train-' || i || '.jsonl', 'fine-tune', 400000 + i, md5($1::text) || md5(i::text),
    1000 + i, 'files/seed-' || $1::text || '-' || i, now() - interval '91 days'
  FROM generate_series(0, 39) AS i`;

export const adapters = `
  INSERT INTO adapter (id, base_model_id, base_digest, method, options, scope, parameter_count, task_id, created_at)
  SELECT 'ft:' || model || ':' || coalesce(suffix, '') || ':' || draft.tag, model, digest, method,
    '{"rank": 16, "scale": 1, "init": "identity"}', 'prompt', 50000, task, draft.created_at + interval '10 minutes'
  FROM draft JOIN base_model ON base_model.id = model WHERE draft.status = 'succeeded'`;

export const adapterVersions = `
  INSERT INTO adapter_version (id, adapter_id, version, digest, blob_key, bytes, job_id, created_at)
  SELECT 'advers-' || draft.tag || i, result_adapter_id, 1, md5(draft.id) || md5(draft.tag),
    'adapters/' || draft.id || '/1/adapter.safetensors', 200000, draft.id, finished_at
  FROM draft JOIN fine_tuning_job AS job ON job.id = draft.id WHERE job.status = 'succeeded'`;
