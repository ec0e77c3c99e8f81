package io.rollguard.scenario;

/** The scenarios on the simulated cluster. */
class SimulatedClusterIT extends Scenarios {

    SimulatedClusterIT() {
        super(new Simulated());
    }
}
