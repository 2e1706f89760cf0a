<q:component name="orders">
  <q:set name="greeting" value="Orders" />
  <h1>{greeting}</h1>
</q:component>
