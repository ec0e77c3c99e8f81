package io.rollguard.sandbox.cluster;

import java.util.List;
import java.util.Locale;

/**
 * A kind of object the API serves.
 *
 * @param custom installed by a CustomResourceDefinition: metadata outside spec and status moves no generation, status
 *     writes keep all metadata
 */
record ResourceType(
        String group,
        String version,
        String plural,
        String singular,
        String kind,
        List<String> shortNames,
        boolean namespaced,
        boolean statusSubresource,
        boolean scaleSubresource,
        boolean custom) {

    ResourceType {
        shortNames = List.copyOf(shortNames);
    }

    String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    String qualifiedPlural() {
        return group.isEmpty() ? plural : plural + "." + group;
    }

    boolean is(String group, String plural) {
        return this.group.equals(group) && this.plural.equals(plural);
    }

    boolean isPod() {
        return is("", "pods");
    }

    ResourceType withStatus() {
        return new ResourceType(
                group, version, plural, singular, kind, shortNames, namespaced, true, scaleSubresource, custom);
    }

    ResourceType withScale() {
        return new ResourceType(
                group, version, plural, singular, kind, shortNames, namespaced, statusSubresource, true, custom);
    }

    ResourceType clusterWide() {
        return new ResourceType(
                group, version, plural, singular, kind, shortNames, false, statusSubresource, scaleSubresource, custom);
    }

    static ResourceType builtIn(String apiVersion, String kind, String plural, String... shortNames) {
        int slash = apiVersion.indexOf('/');
        return new ResourceType(
                slash < 0 ? "" : apiVersion.substring(0, slash),
                apiVersion.substring(slash + 1),
                plural,
                kind.toLowerCase(Locale.ROOT),
                kind,
                List.of(shortNames),
                true,
                false,
                false,
                false);
    }
}
