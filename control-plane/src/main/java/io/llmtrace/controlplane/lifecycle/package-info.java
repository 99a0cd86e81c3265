/**
 * How long data lives apart from its retention class: legal holds, erasure of data subjects, and
 * the ages of what has no partitions. In: requests of the API and the clock. Out: rows moved to and
 * from the class {@code hold}, rows deleted with a signed receipt.
 *
 * <p>Whatever deletes here takes {@link Turns#DELETES} first, and so does whoever makes a hold:
 * once a hold was answered for, nothing that it covers is deleted.
 */
@NullMarked
package io.llmtrace.controlplane.lifecycle;

import org.jspecify.annotations.NullMarked;
