// LLMTrace on an nginx location, with njs. The request waits here until the plugin has said what is to
// be done with it: pass, pass with another body, or stop with the answer that the plugin wrote.
//
// The client's body never becomes a JavaScript string: nginx sends it to the plugin by a subrequest and,
// if it passes, to the upstream by proxy_pass, byte for byte in both cases and also from a file.

const UP = '@llmtrace_upstream';
const REDACTED = '@llmtrace_redacted';

async function inspect(r) {
    let reply;
    try {
        reply = await r.subrequest('/_llmtrace_inspect', { method: 'POST' });
    } catch (e) {
        return uninspected(r, String(e.message));
    }
    if (reply.status === 400 || reply.status === 431) {
        // The request itself cannot be told of (its target, its headers): whoever made it so would else choose
        // that nobody looks at it.
        return refused(r, reply.status);
    }
    if (reply.status !== 200) {
        return uninspected(r, 'status ' + reply.status);
    }
    let said;
    try {
        said = JSON.parse(reply.responseText);
    } catch (e) {
        // Longer than subrequest_output_buffer_size, or no plugin that answers there.
        return uninspected(r, 'no decision: ' + e.message);
    }
    if (said.client && said.client.status) {
        return stop(r, said.client);
    }
    if (!said.upstream) {
        return uninspected(r, 'no decision');
    }
    pass(r, said);
}

function stop(r, client) {
    Object.keys(client.headers).forEach(name => {
        if (name.toLowerCase() !== 'content-length') {
            r.headersOut[name] = client.headers[name];
        }
    });
    r.return(client.status, client.body);
}

function pass(r, said) {
    const set = said.upstream.headers;
    // Whatever is empty is not sent, so what a client said about itself is gone, too.
    r.variables.llmtrace_id = set['x-llmtrace-id'] || '';
    r.variables.llmtrace_flag = set['x-llmtrace-flag'] || '';
    r.variables.llmtrace_action = set['x-llmtrace-action'] || '';
    r.variables.llmtrace_traceparent = set.traceparent || r.headersIn.traceparent || '';
    if (said.upstream.body_base64 === undefined) {
        r.internalRedirect(UP);
        return;
    }
    r.variables.llmtrace_body = Buffer.from(said.upstream.body_base64, 'base64').toString();
    r.internalRedirect(REDACTED);
}

function refused(r, status) {
    r.error('llmtrace: refused: the plugin cannot read the request, status ' + status);
    r.headersOut['Content-Type'] = 'application/json';
    r.return(400, '{"error":{"message":"The request has a target or headers that cannot be read.",'
        + '"type":"invalid_request_error","param":null,"code":"unreadable_request"}}');
}

// The plugin is away, is leaving, or does not take the key. What then happens is this gateway's choice.
function uninspected(r, why) {
    r.error('llmtrace: not inspected: ' + why);
    if (r.variables.llmtrace_fail === 'closed') {
        r.headersOut['Content-Type'] = 'application/json';
        r.headersOut['Retry-After'] = '5';
        r.return(503, '{"error":{"message":"The request could not be inspected.",'
            + '"type":"server_error","param":null,"code":"not_inspected"}}');
        return;
    }
    r.variables.llmtrace_id = '';
    r.variables.llmtrace_flag = '';
    r.variables.llmtrace_action = '';
    r.variables.llmtrace_traceparent = r.headersIn.traceparent || '';
    r.internalRedirect(UP);
}

export default { inspect };
