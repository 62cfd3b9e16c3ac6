"""The model as a judge: what it is shown, who is asked, what that may cost, and how its answer is read."""
