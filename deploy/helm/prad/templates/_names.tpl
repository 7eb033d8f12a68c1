{{- define "prad.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* At most 40 characters, so that the names made from it stay below 63. */ -}}
{{- define "prad.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "prad.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "prad.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "prad.instanceLabels" -}}
app.kubernetes.io/name: {{ include "prad.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "prad.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 }}
{{ include "prad.instanceLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- /* The Service of the API; an embedded pod has the same, so that addresses do not differ. */ -}}
{{- define "prad.apiName" -}}
{{- printf "%s-api" (include "prad.fullname" .) -}}
{{- end -}}

{{- define "prad.poolName" -}}
{{- printf "%s-%s" (include "prad.fullname" .root) .pool.name -}}
{{- end -}}

{{- define "prad.claimName" -}}
{{- .Values.storage.existingClaim | default (printf "%s-blobs" (include "prad.fullname" .)) -}}
{{- end -}}

{{- define "prad.secretName" -}}
{{- required "secret.existingSecret: name the Secret that holds the addresses and keys; see docs/operations.md" .Values.secret.existingSecret -}}
{{- end -}}

{{- define "prad.image" -}}
{{- $image := get .root.Values.images .name -}}
image: {{ printf "%s:%s" $image.repository ($image.tag | default .root.Chart.AppVersion) | quote }}
imagePullPolicy: {{ .root.Values.imagePullPolicy }}
{{- end -}}

{{- /* Milliseconds in, whole seconds out: the drain, the margin and what else comes before SIGTERM. */ -}}
{{- define "prad.graceSeconds" -}}
{{- $drain := div (add (int64 .drainMs) 999) 1000 -}}
{{- add $drain (int64 .root.Values.drain.marginSeconds) (int64 (default 0 .extraSeconds)) -}}
{{- end -}}

{{- define "prad.poolDrainMs" -}}
{{- int64 (get .pool "drainMs" | default .root.Values.drain.workerMs) -}}
{{- end -}}
