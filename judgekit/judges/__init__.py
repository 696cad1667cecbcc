"""Who answers: language models, recorded judges, baselines and simulated judges behind one small protocol."""
