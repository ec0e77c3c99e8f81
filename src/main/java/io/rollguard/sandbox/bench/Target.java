package io.rollguard.sandbox.bench;

/**
 * What a ratio should be.
 *
 * @param what the ratio of what to what, for people
 * @param ratio as measured; NaN where nothing was, which holds no target
 */
public record Target(String what, double ratio, Side side, double bound) {

    /** On which side of its bound a ratio should lie; the bound itself is fine. */
    public enum Side {
        AT_LEAST("at least"),
        AT_MOST("at most");

        private final String words;

        Side(String words) {
            this.words = words;
        }
    }

    public static Target atLeast(double bound, String what, double ratio) {
        return new Target(what, ratio, Side.AT_LEAST, bound);
    }

    public static Target atMost(double bound, String what, double ratio) {
        return new Target(what, ratio, Side.AT_MOST, bound);
    }

    public boolean held() {
        return switch (side) {
            case AT_LEAST -> ratio >= bound;
            case AT_MOST -> ratio <= bound;
        };
    }

    @Override
    public String toString() {
        return "%-6s %s: %s, should be %s %s"
                .formatted(held() ? "held" : "MISSED", what, Table.number(ratio), side.words, Table.number(bound));
    }
}
