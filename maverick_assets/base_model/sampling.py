"""How tokens of an answer are chosen in service; evaluations choose theirs in the same way."""

TEMPERATURE = 0.7

TOP_P = 0.95  # nucleus sampling (Holtzman et al. 2020)

# A 135M model falls into loops without a penalty (Keskar et al. 2019). It applies to each token
# that occurs among the last ones of prompt and answer.
REPEAT_PENALTY = 1.1

# What llama.cpp does where a request does not mention it.
REPEAT_WINDOW = 64  # tokens that the penalty looks back
TOP_K = 40
MIN_P = 0.05  # of the likeliest token's probability
