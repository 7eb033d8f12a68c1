{{- /* Pod template of a pool: dict root, pool, job (true ends after one training). */ -}}
{{- define "prad.workerTemplate" -}}
{{- $root := .root }}
{{- $pool := .pool }}
metadata:
  labels:
    {{- include "prad.instanceLabels" $root | nindent 4 }}
    app.kubernetes.io/component: worker
    prad/pool: {{ $pool.name }}
  {{- $annotations := $root.Values.podAnnotations }}
  {{- if .job }}
  {{- /* A training that is moved begins again. */ -}}
  {{- $annotations = merge (dict "cluster-autoscaler.kubernetes.io/safe-to-evict" "false" "karpenter.sh/do-not-disrupt" "true") $annotations }}
  {{- end }}
  {{- with $annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "prad.podSpec" $root | nindent 2 }}
  {{- include "prad.placement" $pool | nindent 2 }}
  {{- if .job }}
  restartPolicy: OnFailure
  {{- end }}
  terminationGracePeriodSeconds: {{ include "prad.graceSeconds" (dict "root" $root "drainMs" (include "prad.poolDrainMs" .)) }}
  containers:
    - name: worker
      {{- include "prad.image" (dict "root" $root "name" (ternary "workerCuda" "worker" (eq $pool.device "cuda"))) | nindent 6 }}
      {{- include "prad.containerSecurity" $root | nindent 6 }}
      env:
        {{- include "prad.commonEnv" $root | nindent 8 }}
        {{- include "prad.workerEnv" . | nindent 8 }}
        {{- include "prad.extraEnv" $pool.env | nindent 8 }}
      {{- include "prad.workerProbes" . | nindent 6 }}
      resources:
        {{- toYaml $pool.resources | nindent 8 }}
      volumeMounts:
        - { name: data, mountPath: /data }
        - { name: tmp, mountPath: /tmp }
  volumes:
    - name: data
      persistentVolumeClaim: { claimName: {{ include "prad.claimName" $root }} }
    - name: tmp
      emptyDir: {}
{{- end -}}

{{- define "prad.workerEnv" -}}
- { name: WORKER_ROLES, value: {{ join "," .pool.roles | quote }} }
- { name: WORKER_ONCE, value: {{ ternary "true" "false" .job | quote }} }
- { name: WORKER_HOST, value: 0.0.0.0 }
- { name: WORKER_PORT, value: '8001' }
- { name: WORKER_LEASE_MS, value: {{ .root.Values.worker.leaseMs | int64 | quote }} }
- { name: HANG_TIMEOUT_MS, value: {{ .root.Values.worker.hangTimeoutMs | int64 | quote }} }
- { name: DRAIN_MS, value: {{ include "prad.poolDrainMs" . | quote }} }
- { name: DEVICE, value: {{ .pool.device }} }
- { name: MAX_NUM_SEQS, value: {{ .pool.slots | default 16 | int64 | quote }} }
# Node counts the machine's cores, not the container's.
- name: INTRA_OP_THREADS
  valueFrom:
    resourceFieldRef: { containerName: worker, resource: limits.cpu }
{{- end -}}

{{- define "prad.workerProbes" -}}
ports:
  - { name: metrics, containerPort: 8001 }
startupProbe:
  httpGet: { path: /health, port: metrics }
  periodSeconds: 2
  failureThreshold: 90
# Fails when a compute thread gave no sign of life for HANG_TIMEOUT_MS.
livenessProbe:
  httpGet: { path: /health, port: metrics }
  periodSeconds: 20
  timeoutSeconds: 5
readinessProbe:
  httpGet: { path: /ready, port: metrics }
  periodSeconds: 10
  timeoutSeconds: 5
{{- end -}}

{{- /* Jobs that one worker takes at once: its slots where it generates. */ -}}
{{- define "prad.poolTarget" -}}
{{- if has "generate" .roles }}{{ .slots | default 16 | int64 }}{{ else }}1{{ end -}}
{{- end -}}

{{- /* "true" where the pool's size is somebody else's. */ -}}
{{- define "prad.autoscaled" -}}
{{- if ne .root.Values.scaling.kind "none" }}true{{ end -}}
{{- end -}}
