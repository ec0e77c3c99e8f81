package io.rollguard.sandbox.cluster;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What the caller may not do. Everything is allowed until forbidden; "*" stands for any verb, group or resource. */
final class Access {

    private record Rule(String spared, String verb, String group, String resource) {
        boolean covers(String namespace, String verb, String group, String resource) {
            return (spared.isEmpty() || !spared.equals(namespace))
                    && covers(this.verb, verb)
                    && covers(this.group, group)
                    && covers(this.resource, resource);
        }

        private static boolean covers(String pattern, String value) {
            return pattern.equals("*") || pattern.equals(value);
        }
    }

    private final List<Rule> forbidden = new CopyOnWriteArrayList<>();

    /** @param spared the one namespace where it stays allowed; empty for none */
    void forbid(String spared, String verb, String group, String resource) {
        forbidden.add(new Rule(spared, verb, group, resource));
    }

    void allowAll() {
        forbidden.clear();
    }

    /**
     * @param namespace empty for all
     * @param resource with its subresource, as in {@code rollouts/status}
     */
    boolean allows(String namespace, String verb, String group, String resource) {
        return forbidden.stream().noneMatch(rule -> rule.covers(namespace, verb, group, resource));
    }
}
