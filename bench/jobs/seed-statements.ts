const settings = `{"epochs": 10, "batchSize": 32, "learningRate": 0.001, "warmupRatio": 0.06, "weightDecay": 0,
  "maxGradNorm": 1, "maxLength": 256, "evaluationSteps": 100}`;

/** Leases run for a day, so that no worker takes a seeded job for abandoned while it is looked at. */
const lease = `now() + interval '1 day'`;

export const fineTuningJobs = `
  INSERT INTO fine_tuning_job (id, status, base_model_id, task_id, training_file_id, suffix, seed, adapter_method,
    scope, options, hyperparameters, cancel_requested, attempts, progress_step, progress_total, trained_tokens,
    result_adapter_id, error, lease_owner, lease_expires_at, created_at, started_at, finished_at, updated_at)
  SELECT id, status, model, task,
    (SELECT min(file.id) FROM data_file AS file WHERE file.id LIKE 'file-' || right(model, 8) || '-' || i % 40),
    suffix, i, method, 'prompt', '{"rank": 16, "scale": 1, "init": "identity"}', '${settings}',
    status = 'cancelled', CASE WHEN status = 'queued' THEN 0 ELSE 1 END,
    CASE status WHEN 'succeeded' THEN 2000 WHEN 'queued' THEN NULL ELSE 100 + i % 1800 END,
    CASE WHEN status <> 'queued' THEN 2000 END, CASE WHEN status = 'succeeded' THEN 1000000 + i ELSE 0 END,
    CASE WHEN status = 'succeeded' THEN 'ft:' || model || ':' || coalesce(suffix, '') || ':' || tag END,
    CASE WHEN status = 'failed' THEN
      '{"code": "example_too_long", "message": "line 7: the example has 300 tokens", "param": null}'::jsonb END,
    CASE WHEN status = 'running' THEN 'lease-' || tag END, CASE WHEN status = 'running' THEN ${lease} END,
    created_at, CASE WHEN status <> 'queued' THEN created_at + interval '5 seconds' END,
    CASE WHEN status IN ('succeeded', 'failed', 'cancelled') THEN least(created_at + interval '10 minutes', now()) END,
    least(created_at + interval '10 minutes', now())
  FROM draft ORDER BY i`;

/** $1 the tag, $2 how many. Seven of ten ask for an adapter, the newer ones for newer adapters. */
export const inferenceJobs = `
  WITH known AS (SELECT row_number() OVER (ORDER BY created_at) AS place, id, base_model_id FROM adapter
    WHERE base_model_id LIKE 'seed-%-' || $1::text),
  given AS (
    SELECT i, random() AS luck, random() AS choice, random() AS size,
      now() - interval '90 days' * power(1 - i::float8 / $2::int, 2) AS created_at
    FROM generate_series(1, $2::int) AS i),
  request AS (
    SELECT *, CASE WHEN i > $2::int - 8 THEN 'running' WHEN i > $2::int - 60 THEN 'queued' WHEN luck < 0.96 THEN 'succeeded'
      WHEN luck < 0.985 THEN 'failed' ELSE 'cancelled' END AS status,
      CASE WHEN choice < 0.7 THEN 1 + floor(i::float8 / $2::int * choice / 0.7 * (SELECT count(*) FROM known))::int END
        AS wanted
    FROM given)
  INSERT INTO inference_job (id, status, endpoint, base_model_id, adapter_id, request, result, usage, timings, error,
    cancel_requested, attempts, lease_owner, lease_expires_at, created_at, started_at, finished_at, updated_at)
  SELECT CASE WHEN i % 3 = 0 THEN 'chatcmpl-' ELSE 'cmpl-' END || substr(md5($1::text || 'request' || i), 1, 24), status,
    CASE WHEN i % 3 = 0 THEN 'chat' ELSE 'completion' END, coalesce(known.base_model_id, 'seed-tiny-' || $1::text),
    known.id,
    jsonb_build_object('input', jsonb_build_object('kind', 'prompts', 'prompts',
        jsonb_build_array(repeat('The soup was cold and the waiter forgot us. ', 1 + (size * 15)::int))),
      'sampling', '{"maxTokens": 64, "temperature": 0.7, "topP": 1, "topK": 0, "seed": 7, "stop": []}'::jsonb,
      'stream', true),
    CASE WHEN status = 'succeeded' THEN jsonb_build_object('batch', '{"maxRows": 8, "maxAdapters": 5}'::jsonb,
      'choices', jsonb_build_array(jsonb_build_object('finishReason', 'stop',
        'text', repeat('A poor evening, all in all. ', 1 + (choice * 10)::int)))) END,
    CASE WHEN status = 'succeeded' THEN jsonb_build_object('promptTokens', 10 + (size * 150)::int,
      'completionTokens', 8 + (choice * 56)::int) END,
    CASE WHEN status = 'succeeded' THEN '{"queueMs": 3, "prefillMs": 21.5, "decodeMs": 180.25}'::jsonb END,
    CASE WHEN status = 'failed' THEN
      '{"code": "context_length_exceeded", "message": "the prompt is too long", "param": "prompt"}'::jsonb END,
    status = 'cancelled', CASE WHEN status = 'queued' THEN 0 ELSE 1 END,
    CASE WHEN status = 'running' THEN 'lease-' || i END, CASE WHEN status = 'running' THEN ${lease} END,
    created_at, CASE WHEN status <> 'queued' THEN created_at END,
    CASE WHEN status IN ('succeeded', 'failed', 'cancelled') THEN least(created_at + interval '1 second', now()) END,
    least(created_at + interval '1 second', now())
  FROM request LEFT JOIN known ON known.place = wanted ORDER BY i`;

/** $1 of how many of the newest jobs that a worker took up. */
const told = `SELECT job.id FROM draft JOIN fine_tuning_job AS job USING (id) WHERE job.status IN ('running', 'succeeded')
  ORDER BY job.created_at DESC LIMIT $1`;

export const events = `
  WITH told AS (${told}),
  numbered AS (UPDATE fine_tuning_job SET event_sequence = 60 FROM told WHERE told.id = fine_tuning_job.id
    RETURNING fine_tuning_job.id)
  INSERT INTO job_event (job_id, sequence, id, level, type, message, data)
  SELECT numbered.id, i, 'ftevent-' || substr(md5(numbered.id || i), 1, 24), 'info', 'metrics',
    'Step ' || i * 33 || '/2000: training loss=' || round((4 * exp(-i / 20.0))::numeric, 2),
    jsonb_build_object('step', i * 33, 'total_steps', 2000)
  FROM numbered, generate_series(1, 60) AS i`;

/** $1 as above, $2 points of each curve; every hundredth has a validation loss. */
export const curves = `
  WITH told AS (${told}),
  numbered AS (UPDATE fine_tuning_job SET metric_sequence = $2::int FROM told WHERE told.id = fine_tuning_job.id
    RETURNING fine_tuning_job.id)
  INSERT INTO job_metric (job_id, step, sequence, train_loss, valid_loss, learning_rate, gradient_norm,
    tokens_per_second, step_seconds)
  SELECT numbered.id, i, i, 0.4 + 4 * exp(-i / 300.0) + random() / 5, CASE WHEN i % 100 = 0 THEN 0.5 + 4 * exp(-i / 300.0) END,
    1e-3 * least(i / 120.0, (2000 - i) / 1880.0), 0.5 + random(), 900 + random() * 200, 1.0
  FROM numbered, generate_series(1, $2::int) AS i`;
