{{- define "llmtrace.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "llmtrace.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{/* Labels that select; call with (dict "root" $ "component" NAME). */}}
{{- define "llmtrace.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "llmtrace.labels" -}}
{{ include "llmtrace.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{/* "restricted" of the Pod Security Standards, as the image's user. */}}
{{- define "llmtrace.podSecurity" -}}
runAsNonRoot: true
runAsUser: 636
runAsGroup: 636
fsGroup: 636
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "llmtrace.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "llmtrace.databaseUrl" -}}
{{- if .Values.database.bundled.enabled -}}
jdbc:postgresql://{{ include "llmtrace.fullname" . }}-postgres:5432/llmtrace
{{- else -}}
{{ required "database.url: expected jdbc:postgresql://HOST:5432/NAME, or database.bundled.enabled: true" .Values.database.url }}
{{- end -}}
{{- end -}}

{{/* llmtrace.yaml of the control plane. */}}
{{- define "llmtrace.config" -}}
{{- $database := dict "url" (include "llmtrace.databaseUrl" .) "user" .Values.database.user "password" "file:/run/secrets/llmtrace/database_password" "pool_size" .Values.database.poolSize -}}
{{- $keys := dict "admin" "file:/run/secrets/llmtrace/admin_key" "instance" "file:/run/secrets/llmtrace/instance_key" -}}
{{- $own := dict "bind" "0.0.0.0" "data_directory" "/var/lib/llmtrace" "database" $database "first_keys" $keys "signing_key" "file:/run/secrets/llmtrace/receipt_signing_key" "policies" (dict "signing_keys" (list "file:/run/secrets/llmtrace/policy_signing_key")) -}}
{{- if .Values.controlPlane.contentKeyring.existingClaim -}}
{{- $_ := set $own "content" (dict "keyring" "/var/lib/llmtrace-content/content.keys") -}}
{{- end -}}
{{- if .Values.tls.existingSecret -}}
{{- $tls := dict "certificate" "/run/secrets/llmtrace-tls/tls.crt" "private_key" "/run/secrets/llmtrace-tls/tls.key" -}}
{{- if .Values.tls.clientCa.existingSecret -}}
{{- $_ := set $tls "client_ca" "/run/secrets/llmtrace-tls/client-ca.crt" -}}
{{- end -}}
{{- $_ := set $own "tls" $tls -}}
{{- else if .Values.tls.clientCa.existingSecret -}}
{{- fail "tls.clientCa.existingSecret: expected tls.existingSecret beside it; nobody is asked for a certificate over plain HTTP" -}}
{{- end -}}
{{- $base := dict "logging" (dict "format" "json") "metrics" (dict "token" "file:/run/secrets/llmtrace/metrics_token") "control_plane" $own -}}
{{- toYaml (mergeOverwrite $base (deepCopy .Values.config)) -}}
{{- end -}}

{{/* Files of the Secret that a process reads, and no other; call with (dict "root" $ "files" LIST). */}}
{{- define "llmtrace.secretVolume" -}}
- name: secrets
  secret:
    secretName: {{ .root.Values.secrets.existingSecret }}
    defaultMode: 0440
    items:
      {{- range .files }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
{{- end -}}

{{/* The control plane's certificate, and the authority of its instances. Whole folders, so that renewed files appear. */}}
{{- define "llmtrace.tlsVolume" -}}
- name: tls
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ .Values.tls.existingSecret }}
          items:
            - {key: tls.crt, path: tls.crt}
            - {key: tls.key, path: tls.key}
      {{- with .Values.tls.clientCa.existingSecret }}
      - secret:
          name: {{ . }}
          items:
            - {key: ca.crt, path: client-ca.crt}
      {{- end }}
{{- end -}}

{{- define "llmtrace.scheme" -}}
{{- ternary "https" "http" (not (empty .Values.tls.existingSecret)) -}}
{{- end -}}
