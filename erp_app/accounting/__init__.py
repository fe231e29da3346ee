"""What it means in money: accounts, mapping, periods, journals that balance."""
