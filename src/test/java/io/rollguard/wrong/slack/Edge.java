package io.rollguard.wrong.slack;

/** An edge that knows nobody. */
public final class Edge {}
