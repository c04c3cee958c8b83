"""Les journaux s'ajoutent et se lisent ; personne ne les récrit, pas même un administrateur."""

from jalon.socle import rls

rls.append_only("traces_acte")
rls.append_only("traces_lecture")
