#!/bin/sh
# The campaign gates in full: 50 random SIGKILLs on a fixed plan and on a search of ten generations,
# each merged file equal to the one of an undisturbed process. Usage: gates.sh BUILD
set -eu
build=${1:?usage: gates.sh BUILD}
WATTLAS_CAMPAIGN_KILLS=${WATTLAS_CAMPAIGN_KILLS:-50} \
  "$build/tests/system/campaign/test_system_campaign" --gtest_brief=1
