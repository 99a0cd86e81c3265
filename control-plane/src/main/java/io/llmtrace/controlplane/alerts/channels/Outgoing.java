package io.llmtrace.controlplane.alerts.channels;

/** A message as it leaves, by HTTP or by SMTP. */
public sealed interface Outgoing permits HttpCall, Mail {}
