"""Une règle de la grille qui a servi à une décision ne change plus : les décisions passées se relisent toujours."""

from django.db import migrations

VERIFIER = r"""
create function manquements_regle_appliquee_figee() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if to_jsonb(old) is distinct from to_jsonb(new)
    and exists (select 1 from manquements_decisionsanction d where d.regle_id = old.id) then
    raise exception using errcode = 'check_violation', constraint = 'regle_appliquee_figee',
      table = 'manquements_reglesanction',
      message = 'Cette règle a déjà servi à une décision : elle ne change plus, ajoutez-en une autre.';
  end if;
  return new;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("manquements", "0004_convocation_de_l_instance")]

    operations = [
        migrations.RunSQL(VERIFIER, "drop function manquements_regle_appliquee_figee()"),
        migrations.RunSQL(
            "create trigger regle_appliquee_figee before update on manquements_reglesanction "
            "for each row execute function manquements_regle_appliquee_figee()",
            "drop trigger regle_appliquee_figee on manquements_reglesanction",
        ),
    ]
