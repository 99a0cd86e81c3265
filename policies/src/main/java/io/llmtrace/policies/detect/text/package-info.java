/**
 * Finds what a text says in other forms: written with other characters, encoded, or turned about. A
 * {@link io.llmtrace.policies.exchange.Segment} comes in, a {@link
 * io.llmtrace.policies.detect.SegmentReading} goes out: the text as it stands and each form that
 * something was undone in, all with their map back to the original. Bounded in size, depth and
 * time; a text that hides nothing has one form and costs one pass and a half.
 *
 * <p>{@link io.llmtrace.policies.detect.text.Normaliser} searches; {@code Shape} says which {@code
 * Decoder}s may find anything; these write {@code Edits}, of which {@code Form} makes the next
 * form; {@code Letters} tells words from noise. The names of what was undone are {@code fold},
 * {@code tags}, {@code turned}, {@code reversed}, {@code base64}, {@code base32}, {@code hex},
 * {@code binary}, {@code charcodes}, {@code percent}, {@code quoted_printable}, {@code
 * html_entity}, {@code escape}, {@code morse}, {@code spaced}, {@code joined}, {@code leet}, {@code
 * rot13}, {@code caesar} and {@code atbash}.
 */
@NullMarked
package io.llmtrace.policies.detect.text;

import org.jspecify.annotations.NullMarked;
