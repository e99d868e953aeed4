{{- define "lepus.labels" -}}
app.kubernetes.io/name: lepus
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "lepus.selector" -}}
app.kubernetes.io/name: lepus
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "lepus.secret" -}}
{{ .Values.existingSecret | default .Release.Name }}
{{- end }}
