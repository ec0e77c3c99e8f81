package io.rollguard.scenario;

/** Canary Rollouts on the simulated cluster. */
class SimulatedCanaryIT extends CanaryScenarios {

    SimulatedCanaryIT() {
        super(new Simulated());
    }
}
