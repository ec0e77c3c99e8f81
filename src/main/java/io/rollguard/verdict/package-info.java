/** Pure: which release an alert is about (attribution), evidence, and the judge. */
@NullMarked
package io.rollguard.verdict;

import org.jspecify.annotations.NullMarked;
