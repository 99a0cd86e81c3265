{{/*
The plugin as a container beside a gateway, for charts of your own that have this one as a dependency:

  containers:
    {{- include "llmtrace.plugin.containers" $context | nindent 4 }}
  volumes:
    {{- include "llmtrace.plugin.volumes" $context | nindent 4 }}

The gateway's container mounts llmtrace-runner at /run/llmtrace and runs as user 636, as APISIX's image does: the socket
is for its owner alone.
*/}}
{{- define "llmtrace.plugin.containers" -}}
- name: llmtrace-plugin
  image: {{ include "llmtrace.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: ["plugin", "--config", "/etc/llmtrace/llmtrace.yaml"]
  env:
    - name: LLMTRACE_JAVA_OPTS
      value: {{ .Values.plugin.javaOptions | quote }}
  securityContext:
    runAsUser: 636
    runAsGroup: 636
    seccompProfile:
      type: RuntimeDefault
    {{- include "llmtrace.containerSecurity" . | nindent 4 }}
  # Its port is on loopback, for the gateway alone, so no kubelet can ask it. A failed one takes no traffic away: the
  # gateway passes requests without the plugin, and counts them.
  livenessProbe:
    exec:
      command: ["llmtrace", "healthcheck", "http://127.0.0.1:9464/health"]
    initialDelaySeconds: 30
    periodSeconds: 60
    timeoutSeconds: 20
    failureThreshold: 3
  startupProbe:
    exec:
      command: ["llmtrace", "healthcheck", "http://127.0.0.1:9464/health"]
    periodSeconds: 5
    timeoutSeconds: 20
    failureThreshold: 30
  lifecycle:
    preStop:
      exec:
        # Longer than the gateway's own preStop (30 s in its chart) and what it then drains: requests of that time are
        # inspected too. The pod's grace period must be longer than this and the plugin's drain_timeout.
        command: ["sleep", "40"]
  resources:
    {{- toYaml .Values.plugin.resources | nindent 4 }}
  volumeMounts:
    - {name: llmtrace-config, mountPath: /etc/llmtrace, readOnly: true}
    - {name: llmtrace-secrets, mountPath: /run/secrets/llmtrace, readOnly: true}
    {{- if include "llmtrace.plugin.hasTls" . }}
    - {name: llmtrace-tls, mountPath: /run/secrets/llmtrace-tls, readOnly: true}
    {{- end }}
    - {name: llmtrace-runner, mountPath: /run/llmtrace}
    - {name: llmtrace-data, mountPath: /var/lib/llmtrace}
    - {name: llmtrace-tmp, mountPath: /tmp}
{{- end -}}

{{- define "llmtrace.plugin.volumes" -}}
- name: llmtrace-config
  configMap:
    name: {{ include "llmtrace.fullname" . }}-plugin
- name: llmtrace-secrets
  secret:
    secretName: {{ .Values.plugin.existingSecret }}
    defaultMode: 0440
    items:
      {{- range list "instance_key" "tap_secret" "policy_public_key" }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
{{- if include "llmtrace.plugin.hasTls" . }}
- name: llmtrace-tls
  projected:
    defaultMode: 0440
    sources:
      {{- with .Values.plugin.tls.ca.existingSecret }}
      - secret:
          name: {{ . }}
          items:
            - {key: ca.crt, path: ca.crt}
      {{- end }}
      {{- with .Values.plugin.tls.client.existingSecret }}
      - secret:
          name: {{ . }}
          items:
            - {key: tls.crt, path: tls.crt}
            - {key: tls.key, path: tls.key}
      {{- end }}
{{- end }}
- name: llmtrace-runner
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
- name: llmtrace-data
  emptyDir: {sizeLimit: {{ .Values.plugin.spoolSize }}}
- name: llmtrace-tmp
  emptyDir: {sizeLimit: 64Mi}
{{- end -}}

{{/* Something where certificates are mounted, nothing where none is. */}}
{{- define "llmtrace.plugin.hasTls" -}}
{{- if or .Values.plugin.tls.ca.existingSecret .Values.plugin.tls.client.existingSecret -}}yes{{- end -}}
{{- end -}}

{{/* llmtrace.yaml of the plugin. */}}
{{- define "llmtrace.plugin.config" -}}
{{- $url := printf "%s://%s.%s.svc:%v" (include "llmtrace.scheme" .) (include "llmtrace.fullname" .) .Release.Namespace .Values.service.port -}}
{{- $own := dict "socket" "/run/llmtrace/runner.sock" "data_directory" "/var/lib/llmtrace" "control_plane_url" $url "api_key" "file:/run/secrets/llmtrace/instance_key" "tap_secret" "file:/run/secrets/llmtrace/tap_secret" "max_body_bytes_in_memory" "128MiB" "policies" (dict "public_keys" (list "/run/secrets/llmtrace/policy_public_key")) -}}
{{- $tls := dict -}}
{{- if .Values.plugin.tls.ca.existingSecret -}}
{{- $_ := set $tls "ca" "/run/secrets/llmtrace-tls/ca.crt" -}}
{{- end -}}
{{- if .Values.plugin.tls.client.existingSecret -}}
{{- $_ := set $tls "certificate" "/run/secrets/llmtrace-tls/tls.crt" -}}
{{- $_ := set $tls "private_key" "/run/secrets/llmtrace-tls/tls.key" -}}
{{- else if .Values.tls.clientCa.existingSecret -}}
{{- fail "plugin.tls.client.existingSecret: expected a Secret with tls.crt and tls.key, because tls.clientCa asks instances for a certificate" -}}
{{- end -}}
{{- if $tls -}}
{{- if not (hasPrefix "https:" (dig "plugin" "control_plane_url" $url .Values.plugin.config)) -}}
{{- fail "plugin.tls: expected tls.existingSecret, or an https address in plugin.config.plugin.control_plane_url" -}}
{{- end -}}
{{- $_ := set $own "control_plane_tls" $tls -}}
{{- end -}}
{{- $base := dict "logging" (dict "format" "json") "plugin" $own -}}
{{- toYaml (mergeOverwrite $base (deepCopy .Values.plugin.config)) -}}
{{- end -}}

{{/* Values of APISIX's own chart (apisix/apisix 2.x) that put the plugin beside the gateway. */}}
{{- define "llmtrace.plugin.apisixValues" -}}
# fsGroup: the gateway's group may read the plugin's secrets and the socket's folder.
podSecurityContext:
  fsGroup: 636
extraContainers:
  {{- include "llmtrace.plugin.containers" . | nindent 2 }}
extraVolumes:
  {{- include "llmtrace.plugin.volumes" . | nindent 2 }}
extraVolumeMounts:
  - {name: llmtrace-runner, mountPath: /run/llmtrace}
# The chart's own config.yaml has no key for the socket, so it is given whole. Routes: a ConfigMap named apisix.yaml.
etcd:
  enabled: false
apisix:
  deployment:
    role: data_plane
    mode: standalone
  fullCustomConfig:
    enabled: true
    config:
      deployment:
        role: data_plane
        role_data_plane:
          config_provider: yaml
      apisix:
        node_listen: 9080
        enable_admin: false
        enable_server_tokens: false
      ext-plugin:
        path_for_test: /run/llmtrace/runner.sock
      nginx_config:
        error_log: /dev/stderr
        http:
          access_log: /dev/stdout
          client_max_body_size: 16m
      plugins: [real-ip, request-id, key-auth, proxy-rewrite, prometheus, ext-plugin-pre-req, ext-plugin-post-req, ext-plugin-post-resp, http-logger]
{{- end -}}
