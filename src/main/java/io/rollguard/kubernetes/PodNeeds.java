package io.rollguard.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What pods take of a namespace's quotas, from raw objects. */
final class PodNeeds {

    private static final String DEFAULT_SHARE = "25%";

    private PodNeeds() {}

    /**
     * What one pod takes at least, by the names that quotas give resources. What a container does not name, a LimitRange may
     * add, so it is no more than a lower bound.
     */
    static Map<String, BigDecimal> of(JsonNode template) {
        var needs = new HashMap<String, BigDecimal>();
        needs.put("pods", BigDecimal.ONE);
        needs.put("count/pods", BigDecimal.ONE);
        for (var container : template.path("spec").path("containers")) {
            var limits = container.path("resources").path("limits");
            var requests = container.path("resources").path("requests");
            limits.properties().forEach(limit -> {
                add(needs, "limits." + limit.getKey(), limit.getValue());
                if (!requests.has(limit.getKey())) { // a limit alone is the request, too
                    addRequest(needs, limit.getKey(), limit.getValue());
                }
            });
            requests.properties().forEach(request -> addRequest(needs, request.getKey(), request.getValue()));
        }
        return needs;
    }

    private static void addRequest(Map<String, BigDecimal> needs, String resource, JsonNode amount) {
        add(needs, "requests." + resource, amount);
        add(needs, resource, amount); // quotas name requests of cpu and memory without the prefix as well
    }

    private static void add(Map<String, BigDecimal> needs, String resource, JsonNode amount) {
        amount(amount).ifPresent(more -> needs.merge(resource, more, BigDecimal::add));
    }

    /** What a quantity says; empty where it is none. */
    static Optional<BigDecimal> amount(JsonNode quantity) {
        try {
            return Optional.of(Quantity.getAmountInBytes(new Quantity(quantity.asText())));
        } catch (IllegalArgumentException notOne) {
            return Optional.empty();
        }
    }

    /**
     * How many pods beyond the present ones must fit before the controller can replace any: one where it may take none
     * away first. A rolling update may take away what is above the pods that it keeps available.
     */
    static int beyondThePresent(JsonNode workload) {
        var rolling = workload.at("/spec/strategy/rollingUpdate");
        if (!workload.at("/spec/strategy/type").asText().equals("RollingUpdate")) {
            return 0;
        }
        int replicas = workload.at("/spec/replicas").asInt(1);
        int surge = share(rolling.path("maxSurge"), replicas, RoundingMode.CEILING);
        int unavailable = share(rolling.path("maxUnavailable"), replicas, RoundingMode.FLOOR);
        if (surge == 0 && unavailable == 0) {
            unavailable = 1; // as its controller has it
        }
        return workload.at("/status/replicas").asInt(0) > replicas - unavailable ? 0 : 1;
    }

    private static int share(JsonNode value, int replicas, RoundingMode rounding) {
        var text = value.asText(DEFAULT_SHARE);
        try {
            return text.endsWith("%")
                    ? new BigDecimal(text.substring(0, text.length() - 1))
                            .multiply(BigDecimal.valueOf(replicas))
                            .movePointLeft(2)
                            .setScale(0, rounding)
                            .intValueExact()
                    : Integer.parseInt(text);
        } catch (ArithmeticException | NumberFormatException neither) {
            return 1;
        }
    }
}
