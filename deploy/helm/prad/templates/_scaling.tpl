{{- /* Triggers of a pool: dict root, pool, location (the figure of /internal/scaling to go by), states (queue keys to count). */ -}}
{{- define "prad.triggers" -}}
{{- if eq .root.Values.scaling.keda.trigger "redis" -}}
{{- include "prad.redisTriggers" . -}}
{{- else -}}
- type: metrics-api
  metadata:
    url: http://{{ include "prad.apiName" .root }}.{{ .root.Release.Namespace }}.svc:{{ .root.Values.api.service.port }}/internal/scaling/{{ join "," .pool.roles }}
    valueLocation: {{ .location }}
    targetValue: {{ include "prad.poolTarget" .pool | quote }}
    authMode: bearer
  authenticationRef: { name: {{ include "prad.fullname" .root }}-scaling }
{{- end -}}
{{- end -}}

{{- /* One trigger for each role and state; KEDA counts lists by LLEN and sorted sets by ZCARD (since 2.14). */ -}}
{{- define "prad.redisTriggers" -}}
{{- $root := .root }}
{{- $pool := .pool }}
{{- $redis := $root.Values.scaling.keda.redis }}
{{- range $role := $pool.roles }}
{{- range $state := $.states }}
- type: redis
  name: {{ $role }}_{{ $state }}
  metadata:
    address: {{ required "scaling.keda.redis.address: give host:port of the Redis in REDIS_URL" $redis.address | quote }}
    databaseIndex: {{ $redis.databaseIndex | int64 | quote }}
    enableTLS: {{ $redis.tls | quote }}
    listName: {{ printf "%s:%s:%s" $root.Values.queue.prefix $role $state | quote }}
    listLength: {{ include "prad.poolTarget" $pool | quote }}
  {{- if $redis.password }}
  authenticationRef: { name: {{ include "prad.fullname" $root }}-scaling }
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Autoscalers otherwise take the largest trigger; work in several states adds up. */ -}}
{{- define "prad.redisFormula" -}}
{{- $names := list }}
{{- range $role := .pool.roles }}
{{- range $state := $.states }}
{{- $names = append $names (printf "%s_%s" $role $state) }}
{{- end }}
{{- end }}
{{- join " + " $names }}
{{- end -}}

{{- /* A worker that is taken away hands its work back, which costs time: one every two minutes. */ -}}
{{- define "prad.scaleBehavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies:
    - { type: Pods, value: 4, periodSeconds: 30 }
scaleDown:
  stabilizationWindowSeconds: 300
  policies:
    - { type: Pods, value: 1, periodSeconds: 120 }
{{- end -}}
