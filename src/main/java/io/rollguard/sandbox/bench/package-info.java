/**
 * Benchmarks: each compares the real thing with the least that could do the same work, by ratio and within one run, and
 * says whether the ratio is what it should be. docs/benchmarks.md has the tables.
 */
@NullMarked
package io.rollguard.sandbox.bench;

import org.jspecify.annotations.NullMarked;
