{{- /* What every pod has in common; the containers follow. */ -}}
{{- define "prad.podSpec" -}}
serviceAccountName: {{ include "prad.fullname" . }}
{{ include "prad.podSecurity" . }}
{{- end -}}

{{- define "prad.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "prad.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{- define "prad.placement" -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" }}
{{- with get $ $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "prad.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: { name: {{ include "prad.secretName" .root }}, key: {{ get .root.Values.secret.keys .key }} }
{{- end -}}

{{- /* Variables of the API and the workers. */ -}}
{{- define "prad.commonEnv" -}}
{{ include "prad.secretVariable" (dict "root" . "name" "DATABASE_URL" "key" "databaseUrl") }}
{{- if eq .Values.queue.store "redis" }}
{{ include "prad.secretVariable" (dict "root" . "name" "REDIS_URL" "key" "redisUrl") }}
{{- end }}
- { name: DATABASE_POOL_SIZE, value: {{ .Values.databasePoolSize | int64 | quote }} }
- { name: QUEUE_PREFIX, value: {{ .Values.queue.prefix | quote }} }
- { name: PRAD_DATA_DIR, value: /data }
- { name: LOG_LEVEL, value: {{ .Values.logLevel }} }
- { name: LOG_FORMAT, value: json }
{{- end -}}

{{- define "prad.apiEnv" -}}
{{ include "prad.secretVariable" (dict "root" . "name" "API_KEYS" "key" "apiKeys") }}
{{ include "prad.secretVariable" (dict "root" . "name" "SCALING_TOKEN" "key" "scalingToken") }}
- { name: HOST, value: 0.0.0.0 }
- { name: PORT, value: '8000' }
- { name: DRAIN_MS, value: {{ .Values.drain.apiMs | int64 | quote }} }
- { name: MAX_UPLOAD_BYTES, value: {{ .Values.api.maxUploadBytes | int64 | quote }} }
- { name: RATE_LIMIT_PER_MINUTE, value: {{ .Values.api.rateLimitPerMinute | int64 | quote }} }
{{- end -}}

{{- define "prad.extraEnv" -}}
{{- range $name, $value := . }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end -}}

{{- define "prad.apiProbes" -}}
ports:
  - { name: http, containerPort: 8000 }
startupProbe:
  httpGet: { path: /health, port: http }
  periodSeconds: 2
  failureThreshold: 90
livenessProbe:
  httpGet: { path: /health, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: { path: /ready, port: http }
  periodSeconds: 5
  timeoutSeconds: 5
{{- end -}}
