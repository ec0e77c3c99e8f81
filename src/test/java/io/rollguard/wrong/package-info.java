/** Classes that break every rule of ArchitectureTest, so that a rule that can't fail is noticed. */
package io.rollguard.wrong;
