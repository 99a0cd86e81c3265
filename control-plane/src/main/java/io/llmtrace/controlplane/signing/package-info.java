/**
 * Signatures of this installation (Ed25519), over what leaves it and must be believed elsewhere:
 * receipts of erasures. In: bytes. Out: signatures, and the public key for whoever checks them.
 */
@NullMarked
package io.llmtrace.controlplane.signing;

import org.jspecify.annotations.NullMarked;
