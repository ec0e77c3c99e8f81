package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * How many pods an update may have too many and too few.
 *
 * @param maxSurge resolved, rounded up
 * @param maxUnavailable resolved, rounded down; 1 where both would be 0
 */
record Bounds(int maxSurge, int maxUnavailable) {

    static Bounds of(JsonNode rolling, int replicas) {
        int surge = resolve(rolling.path("maxSurge"), replicas, true);
        int unavailable = resolve(rolling.path("maxUnavailable"), replicas, false);
        if (surge == 0 && unavailable == 0) {
            unavailable = 1;
        }
        return new Bounds(surge, replicas == 0 ? 0 : Math.min(unavailable, replicas));
    }

    private static int resolve(JsonNode value, int total, boolean up) {
        String text = value.isMissingNode() ? "25%" : value.asText();
        if (!text.endsWith("%")) {
            return value.asInt();
        }
        double share = Integer.parseInt(text.substring(0, text.length() - 1)) * total / 100.0;
        return (int) (up ? Math.ceil(share) : Math.floor(share));
    }
}
